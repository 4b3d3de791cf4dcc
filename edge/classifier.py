"""From a picture to labels, with a bundle's own preprocessing and labels."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import BundleError, ImageError, UsageError
from edgeproof.edge.image import image_from_file, image_from_pixels
from edgeproof.edge.input_tensor import tensor_from_image
from edgeproof.edge.pool import Pool
from edgeproof.edge.prediction import Prediction
from edgeproof.edge.preferred import preferred_variants
from edgeproof.edge.quantisation import dequantiser
from edgeproof.edge.runtime import RuntimeName, TfliteModel
from edgeproof.edge.scores import probabilities

Picture = str | Path | bytes | np.ndarray


class Classifier:
    """A bundle's TFLite variant, ready to classify pictures, from several threads at a time.

    Example, a whole program:
        from pathlib import Path
        from edgeproof.edge import Classifier

        with Classifier("bundles/mnist") as classifier:
            print(classifier.classify("seven.png").label)
            pictures = sorted(Path("pictures").iterdir())
            for path, found in zip(pictures, classifier.classify_many(pictures)):
                print(path, found)

    Attributes:
        bundle, contract, variant: what is run, and how pictures are fed to it.
        runtime: name of the runtime that executes it.
    """

    def __init__(
        self,
        bundle: Bundle | str | Path,
        variant: str | None = None,
        *,
        runtime: RuntimeName = "auto",
        threads: int = 1,
        workers: int | None = None,
        note: Callable[[str], None] | None = None,
    ) -> None:
        """Open the bundle, check the variant's hash and load it.

        Args:
            variant: a TFLite variant's id; by default int8 where the bundle has it. "auto": the
                fastest one that gives its golden answers on this board, measured at first use.
            threads: that one inference uses.
            workers: pictures that are worked on at a time; by default one for each processor core
                that this process may use. There are `workers / threads` interpreters at most,
                each made when it is first needed.

            note: with "auto", is told what the user should know; by default it goes to stderr.

        Raises:
            BundleError, UsageError, RuntimeUnavailable: see their messages.
            NoVariantWorks: with "auto", no variant gives its golden answers here.
        """
        self.bundle = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
        manifest = self.bundle.manifest
        if manifest.input is None:
            raise BundleError(
                f"expected an image classifier, got {self.bundle.folder}, "
                "whose model does not take one picture"
            )
        self.contract = manifest.input
        if threads < 1 or (workers is not None and workers < 1):
            raise UsageError(f"expected threads and workers from 1, got {threads} and {workers}")
        if variant is None:
            variant = preferred_variants(self.bundle)[0]
        elif variant == "auto":
            # imported here: most programs name their variant or take the usual one
            from edgeproof.edge.choice import chosen_variant, say_on_stderr

            variant = chosen_variant(
                self.bundle, runtime=runtime, threads=threads, note=note or say_on_stderr
            )
        self.variant = self.bundle.variant(variant)
        if self.variant.format != "tflite":
            raise UsageError(f"expected a TFLite variant, got {variant}, which browsers run")
        self._workers = workers or _usable_cores()
        content = self.bundle.read(self.variant.entry_file)
        self._pool = Pool(
            lambda: TfliteModel(content, runtime=runtime, threads=threads),
            limit=max(1, self._workers // threads),
        )
        model = self._pool.take()
        self.runtime = model.runtime
        self._tensor_from_image = tensor_from_image(self.contract, model.inputs[0])
        self._output = self._scores_output(model)
        self._real = dequantiser(model.outputs[self._output])
        self._pool.give(model)

    def classify(self, picture: Picture, top_k: int = 0) -> Prediction:
        """Classify a file (path or bytes) or an array of pixels.

        Pixels are uint8, rows x columns or rows x columns x 1, 3 or 4 (gray, RGB, RGBA).

        Args:
            top_k: how many scores to give; 0 for all.

        Raises:
            ImageError: the picture cannot be read.
            ModelFailed: the runtime failed, or answered no numbers.
            UsageError: the classifier was closed.
        """
        raw = self.raw_output(self._image(picture))
        manifest = self.bundle.manifest
        row = probabilities(raw, manifest.output, len(manifest.labels))[0]
        return Prediction(row, manifest.labels, top_k)

    def classify_many(
        self, pictures: Iterable[Picture], top_k: int = 0
    ) -> Iterator[Prediction | ImageError]:
        """Classify a stream: decoding and inference of several pictures overlap, order is kept.

        A picture that cannot be read gives an `ImageError` in its place (given, not raised), and
        the stream goes on. Lazy: `pictures` is read by the calling thread, as far ahead as four for
        each worker, so for a camera, whose pictures come one by one, call `classify`. The threads
        end when the stream does, when the caller stops (`break`), and with Ctrl-C.

        Raises:
            ModelFailed: the runtime failed; the stream ends.
        """
        if isinstance(pictures, (str, bytes, Path)):
            raise UsageError(f"expected several pictures, got one: {pictures!r:.60}")
        from edgeproof.edge.in_order import map_in_order  # threads are for those who want them

        def answer(picture: Picture) -> Prediction | ImageError:
            try:
                return self.classify(picture, top_k)
            except ImageError as error:
                # a new one: the caught one keeps every frame alive, and the picture in it
                return ImageError(str(error))

        return map_in_order(answer, pictures, threads=self._workers)

    def raw_output(self, image: np.ndarray) -> np.ndarray:
        """The first output's real values (1 x units) for one uint8 image of the contract's shape.

        Raises:
            ModelFailed: the runtime failed.
        """
        tensor = self._tensor_from_image(image)
        model = self._pool.take()
        try:
            outputs = model.invoke((tensor,))
        finally:
            self._pool.give(model)
        return self._real(outputs[self._output])

    def close(self) -> None:
        """Free the interpreters; classifying is an error afterwards."""
        self._pool.close()

    def __enter__(self) -> "Classifier":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _image(self, picture: Picture) -> np.ndarray:
        if isinstance(picture, np.ndarray):
            return image_from_pixels(picture, self.contract)
        return image_from_file(picture, self.contract)

    def _scores_output(self, model: TfliteModel) -> int:
        """The position of the output with the scores among the file's own.

        Raises:
            BundleError: the file is not what the manifest says, or gives no score for each label.
        """
        manifest, name = self.bundle.manifest, self.variant.outputs[0].name
        names = [spec.name for spec in model.outputs]
        if len(model.inputs) != 1 or name not in names:
            raise BundleError(
                f"expected one input and the output {name} in {self.variant.entry}, got "
                f"{len(model.inputs)} inputs and {', '.join(names)}; convert the model again"
            )
        position = names.index(name)
        shape = [n or 1 for n in model.outputs[position].shape]
        try:
            probabilities(np.zeros(shape, np.float32), manifest.output, len(manifest.labels))
        except ValueError as error:
            raise BundleError(f"{self.bundle.folder} is no classifier: {error}") from error
        return position


def _usable_cores() -> int:
    """Processor cores that this process may run on, which `taskset` and cpusets make fewer."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
