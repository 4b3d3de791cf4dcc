"""From a picture to labels, with a bundle's own preprocessing and labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import BundleError, UsageError
from edgeproof.edge.image import batch_from_images, image_from_file, image_from_pixels
from edgeproof.edge.manifest import Variant
from edgeproof.edge.runtime import RuntimeName, TfliteModel
from edgeproof.edge.scores import probabilities

# what a device should run when nobody says: small and fast first
_PREFERRED = (
    "tflite-int8",
    "tflite-float32",
    "tflite-float16",
    "tflite-dynamic-int8",
    "tflite-int16x8",
)


@dataclass(frozen=True)
class Score:
    """A label and its probability."""

    label: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """The labels of one picture, most probable first."""

    scores: tuple[Score, ...]

    @property
    def label(self) -> str:
        return self.scores[0].label

    @property
    def probability(self) -> float:
        return self.scores[0].probability


class Classifier:
    """A bundle's TFLite variant, ready to classify pictures. One thread at a time.

    Example:
        classifier = Classifier("bundles/mnist")
        print(classifier.classify("seven.png").label)
    """

    def __init__(
        self,
        bundle: Bundle | str | Path,
        variant: str | None = None,
        *,
        runtime: RuntimeName = "auto",
        threads: int = 1,
    ) -> None:
        """Open the bundle, check the variant's hash and load it.

        Args:
            variant: a TFLite variant's id; by default int8 where the bundle has it.

        Raises:
            BundleError, UsageError, RuntimeUnavailable: see their messages.
        """
        self.bundle = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
        manifest = self.bundle.manifest
        if manifest.input is None:
            raise BundleError(
                f"expected an image classifier, got {self.bundle.folder}, "
                "whose model does not take one picture"
            )
        self.contract = manifest.input
        self.variant = _chosen_variant(self.bundle, variant)
        self._model = TfliteModel(
            self.bundle.read(self.variant.entry_file), runtime=runtime, threads=threads
        )
        self.runtime = self._model.runtime

    def classify(self, picture: str | Path | bytes | np.ndarray, top_k: int = 0) -> Prediction:
        """Classify a file (path or bytes) or an array of pixels (uint8, rows x columns [x 3]).

        Args:
            top_k: how many labels to return; 0 for all.

        Raises:
            ImageError: the picture cannot be read.
        """
        if isinstance(picture, np.ndarray):
            image = image_from_pixels(picture, self.contract)
        else:
            image = image_from_file(picture, self.contract)
        return self._prediction(self.raw_output(image), top_k)

    def raw_output(self, image: np.ndarray) -> np.ndarray:
        """The first output's real values (1 x units) for one image of the contract's shape."""
        batch = batch_from_images(image[np.newaxis], self.contract)
        outputs = self._model.run({self.variant.inputs[0].name: batch})
        return outputs[self.variant.outputs[0].name]

    def _prediction(self, raw: np.ndarray, top_k: int) -> Prediction:
        labels = self.bundle.manifest.labels
        row = probabilities(raw, self.bundle.manifest.output, len(labels))[0]
        order = np.argsort(-row, kind="stable")[: top_k or None]
        return Prediction(tuple(Score(labels[i], float(row[i])) for i in order))


def _chosen_variant(bundle: Bundle, variant_id: str | None) -> Variant:
    by_id = {v.id: v for v in bundle.manifest.variants}
    if variant_id is None:
        variant_id = next((i for i in _PREFERRED if i in by_id), None)
        if variant_id is None:
            raise BundleError(
                f"expected a TFLite variant in {bundle.folder}, got "
                f"{', '.join(by_id)}; convert with --variants tflite-int8"
            )
    variant = bundle.variant(variant_id)
    if variant.format != "tflite":
        raise UsageError(f"expected a TFLite variant, got {variant_id}, which browsers run")
    return variant
