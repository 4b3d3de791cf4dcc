"""Does this machine's runtime still give the answers that the bundle says are right?

The golden inputs go through one TFLite variant and the golden picture files through the whole
path, more than once, and every run is judged. What a device can tell about itself in seconds;
`edgeproof verify` proves more, where a bundle is made.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import ImageError, ModelFailed, UsageError
from edgeproof.edge.golden_limits import (
    AGAINST_KERAS,
    AGAINST_REFERENCE,
    MEAN_STEPS,
    REPEAT,
    STEPS,
    Limit,
    limit_of,
)
from edgeproof.edge.golden_set import (
    GoldenSet,
    read_golden_set,
    reference_outputs,
)
from edgeproof.edge.image import batch_from_images, image_from_file
from edgeproof.edge.manifest import Variant
from edgeproof.edge.quantisation import dequantise
from edgeproof.edge.runtime import (
    RuntimeName,
    TfliteModel,
    batch_rows,
    import_runtime,
    runtime_version,
)

ROUNDS = 2  # some defects are right the first time only

Outputs = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class GoldenCheck:
    """What a golden check found; true if it passed.

    Attributes:
        variant, runtime, version: what was run, and by what.
        passed: all golden inputs and files were compared, every time within the limits.
        inputs, files: how many golden inputs and picture files were compared, each twice; 0 where
            the comparison broke off.
        worst: the figure nearest to its limit, or farthest above it; NaN where there is none.
        limit, unit: what `worst` is held against.
        failure: why it did not pass, in one sentence; None where it did.
    """

    variant: str
    runtime: str
    version: str
    passed: bool
    inputs: int
    files: int
    worst: float
    limit: float
    unit: str
    failure: str | None = None

    def __bool__(self) -> bool:
        return self.passed


def golden_check(
    bundle: Bundle,
    variant_id: str,
    *,
    runtime: RuntimeName = "auto",
    threads: int = 1,
    most: int | None = None,
) -> GoldenCheck:
    """Run the bundle's golden inputs and picture files through a TFLite variant here, and judge.

    A runtime that refuses the file, fails while running it or answers otherwise makes a check that
    did not pass, and so does a picture that is decoded otherwise; nothing is raised then.

    Args:
        most: compare at most that many inputs and that many files; all by default.

    Raises:
        UsageError: no such variant, or one that browsers run.
        BundleError: the bundle is incomplete or altered, or holds nothing to compare with.
        RuntimeUnavailable: the runtime is not installed.
    """
    variant = bundle.variant(variant_id)
    if variant.format != "tflite":
        raise UsageError(f"expected a TFLite variant, got {variant_id}, which browsers run")
    limit = limit_of(variant_id.removeprefix("tflite-"), AGAINST_KERAS)
    golden = read_golden_set(bundle)
    reference = _Reference.of(bundle, variant, golden, most)
    if most is not None:
        golden = golden.at_most(most)
    content = bundle.read(variant.entry_file)
    name, _ = import_runtime(runtime)
    version = runtime_version(name)
    try:
        model = TfliteModel(content, runtime=runtime, threads=threads)
        figures = list(_figures(_Subject(bundle, variant, model), golden, reference, limit))
    except (ModelFailed, ImageError) as error:
        return GoldenCheck(
            variant_id, name, version, False, 0, 0, math.nan, limit.limit, limit.unit, str(error)
        )
    worst = max(figures, key=lambda figure: figure.share)
    return GoldenCheck(
        variant=variant_id,
        runtime=name,
        version=version,
        passed=worst.share <= 1,
        inputs=len(golden),
        files=len(golden.files),
        worst=worst.value,
        limit=worst.limit.limit,
        unit=worst.limit.unit,
        failure=None if worst.share <= 1 else worst.sentence,
    )


@dataclass(frozen=True)
class _Figure:
    subject: str
    value: float
    limit: Limit

    @property
    def share(self) -> float:
        return self.value / self.limit.limit

    @property
    def sentence(self) -> str:
        return (
            f"{self.subject}: expected at most {self.limit.limit:g} {self.limit.unit}, "
            f"got {self.value:.3g}"
        )


@dataclass(frozen=True)
class _Reference:
    """Some golden inputs, and what the reference kernels answer, in the file's own dtypes."""

    inputs: Outputs
    outputs: Outputs

    @classmethod
    def of(
        cls, bundle: Bundle, variant: Variant, golden: GoldenSet, most: int | None
    ) -> "_Reference | None":
        outputs = reference_outputs(bundle, variant, len(golden))
        if outputs is None or variant.reference is None:
            return None
        rows = list(variant.reference.rows[:most])
        return cls(
            tuple(array[rows] for array in golden.inputs),
            tuple(array[:most] for array in outputs),
        )


@dataclass(frozen=True)
class _Subject:
    """What is checked: a variant, loaded."""

    bundle: Bundle
    variant: Variant
    model: TfliteModel

    def answers(self, inputs: Sequence[np.ndarray]) -> Outputs:
        """Real outputs in the Keras model's order, in pieces of the batch that the file fixes.

        Args:
            inputs: golden inputs, one array per model input.
        """
        contract = self.bundle.manifest.input
        names = [spec.name for spec in self.variant.inputs]
        total = len(inputs[0])
        parts = []
        for rows in batch_rows(total, self.variant.inputs[0].shape[0]):
            arrays = [array[rows] for array in inputs]
            if contract is not None:
                arrays = [batch_from_images(arrays[0], contract)]
            parts.append(self.model.run(dict(zip(names, arrays, strict=True))))
        return tuple(
            np.concatenate([part[spec.name] for part in parts])[:total]
            for spec in self.variant.outputs
        )

    def images(self, golden: GoldenSet) -> np.ndarray:
        """The picture files, decoded here, which must give the very bytes of conversion.

        Raises:
            ImageError: one cannot be decoded, or gives another image.
        """
        contract = self.bundle.manifest.input
        assert contract is not None, "only models of one picture have golden files"
        images = []
        for golden_file, expected in zip(golden.files, golden.file_images, strict=True):
            image = image_from_file(self.bundle.read(golden_file.file), contract)
            if image.shape != expected.shape or not np.array_equal(image, expected):
                raise ImageError(
                    f"{golden_file.file.path} ({golden_file.description}): expected the image that "
                    "conversion made of it, got another: this machine decodes pictures differently"
                )
            images.append(image)
        return np.stack(images)


def _figures(
    subject: _Subject, golden: GoldenSet, reference: _Reference | None, limit: Limit
) -> Iterator[_Figure]:
    """Every comparison of every round.

    Raises:
        ModelFailed, ImageError: nothing could be compared.
    """
    _check_tensors(subject)
    scores = subject.bundle.manifest.output.scores
    scales = [_scale(array, scores) for array in golden.outputs]
    expected = golden.outputs
    if golden.files:
        scales.append(_scale(golden.file_outputs, scores))
        expected += (golden.file_outputs,)
    first: Outputs = ()
    for number in range(1, ROUNDS + 1):
        got = subject.answers(golden.inputs)
        if golden.files:
            got += subject.answers((subject.images(golden),))[:1]
        yield from _against(f"run {number} against Keras", expected, got, scales, limit)
        if first:
            yield from _against(f"run {number} against the first", first, got, scales, REPEAT)
        if reference is not None:
            yield from _against_reference(number, subject, reference, scales)
        first = first or got


def _against_reference(
    number: int, subject: _Subject, reference: _Reference, scales: Sequence[float]
) -> Iterator[_Figure]:
    title = f"run {number} against the reference kernels"
    precision = subject.variant.id.removeprefix("tflite-")
    got = subject.answers(reference.inputs)
    for spec, stored, values, scale in zip(
        subject.variant.outputs, reference.outputs, got, scales, strict=False
    ):
        wanted = dequantise(stored, spec)
        if spec.scale is None:
            limit = limit_of(precision, AGAINST_REFERENCE)
            yield from _against(title, (wanted,), (values,), (scale,), limit)
            continue
        largest = limit_of(precision, STEPS)
        yield from _against(title, (wanted,), (values,), (spec.scale,), largest)
        each = np.abs(values.astype(np.float64) - wanted).reshape(len(wanted), -1).max(axis=1)
        yield _Figure(title, float(each.mean()) / spec.scale, limit_of(precision, MEAN_STEPS))


def _check_tensors(subject: _Subject) -> None:
    stated = {s.name: s for s in (*subject.variant.inputs, *subject.variant.outputs)}
    held = {s.name: s for s in (*subject.model.inputs, *subject.model.outputs)}
    if stated != held:
        raise ModelFailed(
            f"expected the tensors that the manifest states ({', '.join(stated)}), got "
            f"{', '.join(held)} of the file, or other shapes or scales; convert the model again"
        )


def _scale(golden: np.ndarray, scores: str) -> float:
    """What an output's errors are relative to."""
    largest = 1.0 if scores == "sigmoid" else float(np.abs(golden).max(initial=0))
    if not 0 < largest < math.inf:
        raise ModelFailed(
            f"expected golden outputs to compare with, got {largest:g} as the largest; "
            "convert the model again"
        )
    return largest


def _against(
    title: str, expected: Outputs, got: Outputs, scales: Sequence[float], limit: Limit
) -> Iterator[_Figure]:
    if len(expected) != len(got):
        raise ModelFailed(f"{title}: expected {len(expected)} outputs, got {len(got)}")
    for wanted, values, scale in zip(expected, got, scales, strict=True):
        if wanted.shape != values.shape or wanted.size == 0:
            raise ModelFailed(f"{title}: expected outputs of {wanted.shape}, got {values.shape}")
        if not np.isfinite(values).all():
            raise ModelFailed(f"{title}: expected numbers, got NaN or infinity")
        error = float(np.abs(values.astype(np.float64) - wanted).max())
        yield _Figure(title, error / scale, limit)
