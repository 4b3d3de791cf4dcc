"""Every comparison of a golden check, as figures. Whether they are small enough it does not say.

What cannot be compared (no values, another shape, NaN, another image) is an error, never a figure.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import ImageError, ModelFailed
from edgeproof.edge.golden_limits import (
    AGAINST_REFERENCE,
    MEAN_STEPS,
    REPEAT,
    STEPS,
    Limit,
    limit_of,
)
from edgeproof.edge.golden_set import GoldenSet, reference_outputs
from edgeproof.edge.image import batch_from_images, image_from_file
from edgeproof.edge.manifest import Variant
from edgeproof.edge.quantisation import dequantise
from edgeproof.edge.runtime import TfliteModel, batch_rows

ROUNDS = 2  # some defects are right the first time only

Outputs = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Figure:
    """How far answers are from what they are held against, and the largest distance that passes."""

    subject: str
    value: float
    limit: Limit

    @property
    def share(self) -> float:
        """Of the limit: above 1 it is broken."""
        return self.value / self.limit.limit

    @property
    def sentence(self) -> str:
        """What was expected, and what was got."""
        return (
            f"{self.subject}: expected at most {self.limit.limit:g} {self.limit.unit}, "
            f"got {self.value:.3g}"
        )


@dataclass(frozen=True)
class Reference:
    """Some golden inputs, and what the reference kernels and Keras answer.

    `outputs`: of the reference kernels, in the file's own dtypes.
    """

    inputs: Outputs
    outputs: Outputs
    keras: Outputs

    @classmethod
    def of(
        cls, bundle: Bundle, variant: Variant, golden: GoldenSet, most: int | None
    ) -> "Reference | None":
        outputs = reference_outputs(bundle, variant, len(golden))
        if outputs is None or variant.reference is None:
            return None
        rows = list(variant.reference.rows[:most])
        return cls(
            tuple(array[rows] for array in golden.inputs),
            tuple(array[:most] for array in outputs),
            tuple(array[rows] for array in golden.outputs),
        )


@dataclass(frozen=True)
class Subject:
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


def figures(
    subject: Subject, golden: GoldenSet, reference: Reference | None, limit: Limit
) -> Iterator[Figure]:
    """Every comparison of every round.

    Raises:
        ModelFailed, ImageError: nothing could be compared.
    """
    _check_tensors(subject, golden)
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
            yield from _against_reference(number, subject, reference, scales, limit)
        first = first or got


def _against_reference(
    number: int,
    subject: Subject,
    reference: Reference,
    scales: Sequence[float],
    against_keras: Limit,
) -> Iterator[Figure]:
    title = f"run {number} against the reference kernels"
    precision = subject.variant.id.removeprefix("tflite-")
    got = subject.answers(reference.inputs)
    for spec, stored, keras, values, scale in zip(
        subject.variant.outputs, reference.outputs, reference.keras, got, scales, strict=False
    ):
        wanted = dequantise(stored, spec)
        if spec.scale is None:
            limit = limit_of(precision, AGAINST_REFERENCE)
            yield from _against(title, (wanted,), (values,), (scale,), limit)
            continue
        # what the reference kernels are off Keras raises the limits, so it has one itself
        stored_title = "the bundle's answers of the reference kernels against Keras"
        yield from _against(stored_title, (keras,), (wanted,), (scale,), against_keras)
        _check_shapes(title, wanted, values)
        own = _each_largest(wanted, keras) / spec.scale
        largest = limit_of(precision, STEPS).for_own_error(float(own.max()))
        yield from _against(title, (wanted,), (values,), (spec.scale,), largest)
        each = _each_largest(values, wanted) / spec.scale
        mean = limit_of(precision, MEAN_STEPS).for_own_error(float(own.mean()))
        yield Figure(title, float(each.mean()), mean)


def _each_largest(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Each input's largest difference, one number a row."""
    return np.abs(a.astype(np.float64) - b).reshape(len(a), -1).max(axis=1)


def _check_tensors(subject: Subject, golden: GoldenSet) -> None:
    variant = subject.variant
    counts = len(variant.inputs), len(variant.outputs)
    if counts != (len(golden.inputs), len(golden.outputs)):
        raise ModelFailed(
            f"expected {len(golden.inputs)} inputs and {len(golden.outputs)} outputs of "
            f"{variant.id}, got {counts[0]} and {counts[1]}; convert the model again"
        )
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
) -> Iterator[Figure]:
    if len(expected) != len(got):
        raise ModelFailed(f"{title}: expected {len(expected)} outputs, got {len(got)}")
    for wanted, values, scale in zip(expected, got, scales, strict=True):
        _check_shapes(title, wanted, values)
        if not np.isfinite(values).all():
            raise ModelFailed(f"{title}: expected numbers, got NaN or infinity")
        error = float(np.abs(values.astype(np.float64) - wanted).max())
        yield Figure(title, error / scale, limit)


def _check_shapes(title: str, wanted: np.ndarray, values: np.ndarray) -> None:
    if wanted.shape != values.shape or wanted.size == 0:
        raise ModelFailed(f"{title}: expected outputs of {wanted.shape}, got {values.shape}")
