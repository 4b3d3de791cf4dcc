"""Does a runtime reproduce the arithmetic of the variant that it was given?

The reference of a float32 variant is Keras (the bundle's golden outputs). Quantised variants are
judged against an independent execution of the very same file: LiteRT's reference kernels for
TFLite, the reader in TensorFlow for TF.js. What quantisation did to the answers is `cost.py`'s.
"""

import math
from dataclasses import dataclass

import numpy as np

from edgeproof.convert.verify.check import Check, check, check_difference
from edgeproof.convert.verify.comparison import (
    Difference,
    compare,
    compare_all,
    nothing,
    unequal_bytes,
)
from edgeproof.convert.verify.gates import FLOAT, HALF, Gate, gate_for
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.measure import Measurement
from edgeproof.convert.verify.presoftmax import presoftmax
from edgeproof.edge.manifest import Manifest, Variant

REFERENCES = {"tflite": "litert-reference", "tfjs": "tfjs-reference"}
# they compute in 16 bits, whatever the variant's weights
HALF_RUNTIMES = frozenset({"tfjs-webgl-f16"})


@dataclass(frozen=True)
class Answers:
    """Outputs for the golden inputs and, of the first output, for the golden files."""

    name: str
    golden: tuple[np.ndarray, ...]
    files: np.ndarray | None


def precision_of(variant: Variant) -> str:
    """`int8` of `tflite-int8`."""
    return variant.id.removeprefix(f"{variant.format}-")


def arithmetic_of(variant: Variant, runtime: str) -> str:
    """The precision whose faithfulness gates hold for a variant on a runtime."""
    return HALF if runtime in HALF_RUNTIMES else precision_of(variant)


def cost_precision(variant: Variant, runtime: str) -> str:
    """The precision whose cost gates hold: half precision costs what float16 weights may cost."""
    precision = precision_of(variant)
    return "float16" if runtime in HALF_RUNTIMES and precision == FLOAT else precision


def reference_runtime(variant: Variant) -> str | None:
    """The runtime whose answers a variant is judged by; None for Keras' golden outputs.

    Raises:
        LookupError: a quantised format without a reference.
    """
    return None if precision_of(variant) == FLOAT else REFERENCES[variant.format]


def keras_answers(golden: GoldenSet) -> Answers:
    return Answers("Keras", golden.outputs, golden.file_outputs)


def measured_answers(measured: Measurement) -> Answers:
    """A reference runtime's own first run as the answers to judge by."""
    files = np.concatenate(measured.file_outputs) if measured.file_outputs else None
    return Answers(measured.runtime, measured.golden_runs[0], files)


def integrity_checks(
    measured: Measurement, golden: GoldenSet, gates: tuple[Gate, ...]
) -> list[Check]:
    """What holds for every runtime, references included: tensors, repetition, images."""
    checks = [check(gate_for(gates, "runs"), "answers", 0, len(measured.golden_runs))]
    if measured.tensors is not None:
        differing, compared = measured.tensors
        checks.append(check(gate_for(gates, "tensors"), "file and manifest", differing, compared))
    if measured.gpu_calls is not None:
        gate = gate_for(gates, "on-gpu")
        checks.append(check(gate, "calls of WebGL and WebGPU", measured.gpu_calls, 1))
    first, *later = measured.golden_runs
    gate = gate_for(gates, "repeat")
    again = [compare_all(first, run) for run in later] or [nothing("it ran only once")]
    checks += [check_difference(gate, "second run and first", d, d.relative) for d in again]
    if golden.file_images is not None:
        got = _stacked(measured.file_images, golden.file_images)
        difference = nothing("no images") if got is None else unequal_bytes(golden.file_images, got)
        gate = gate_for(gates, "file-images")
        checks.append(check_difference(gate, "golden files", difference, difference.absolute))
    return checks


def faithfulness_checks(
    measured: Measurement,
    variant: Variant,
    manifest: Manifest,
    golden: GoldenSet,
    reference: Answers,
    gates: tuple[Gate, ...],
) -> list[Check]:
    """Golden inputs (every run of them) and golden files against the reference's answers."""
    checks = []
    keras = keras_answers(golden)
    precision = arithmetic_of(variant, measured.runtime)
    for index, run in enumerate(measured.golden_runs):
        subject = f"golden inputs, run {index + 1}, and {reference.name}"
        checks += _output_checks(
            subject, reference.golden, run, keras.golden, variant, precision, manifest, gates
        )
    if reference.files is not None:
        found = (np.concatenate(measured.file_outputs),) if measured.file_outputs else ()
        ideal = () if keras.files is None else (keras.files,)
        subject = f"golden files and {reference.name}"
        checks += _output_checks(
            subject, (reference.files,), found, ideal, variant, precision, manifest, gates
        )
    return checks


def _output_checks(
    subject: str,
    expected: tuple[np.ndarray, ...],
    got: tuple[np.ndarray, ...],
    ideal: tuple[np.ndarray, ...],
    variant: Variant,
    precision: str,
    manifest: Manifest,
    gates: tuple[Gate, ...],
) -> list[Check]:
    if any(spec.scale is not None for spec in variant.outputs):
        return _step_checks(subject, expected, got, ideal, variant, precision, gates)
    difference = compare_all(expected, got)
    gate = gate_for(gates, "relative", precision)
    checks = [check_difference(gate, subject, difference, difference.relative)]
    if precision not in (FLOAT, HALF) or manifest.output.scores == "values":
        return checks
    if manifest.output.scores != "logits":
        gate = gate_for(gates, "absolute", precision)
        checks.append(check_difference(gate, subject, difference, difference.absolute))
    if manifest.output.scores == "softmax" and precision == FLOAT:
        before = nothing("no scores") if not got else _before_softmax(expected[0], got[0])
        gate = gate_for(gates, "presoftmax", precision)
        checks.append(check_difference(gate, subject, before, before.relative))
    return checks


def _step_checks(
    subject: str,
    expected: tuple[np.ndarray, ...],
    got: tuple[np.ndarray, ...],
    ideal: tuple[np.ndarray, ...],
    variant: Variant,
    precision: str,
    gates: tuple[Gate, ...],
) -> list[Check]:
    """Each quantised output in its own steps, under limits that know how far off Keras it is."""
    limits = [gate_for(gates, name, precision) for name in ("steps", "mean-steps")]
    difference = compare_all(expected, got)
    if not difference:
        return [check_difference(gate, subject, difference, math.nan) for gate in limits]
    checks = []
    outputs = zip(expected, got, variant.outputs, strict=False)  # files have the first only
    for index, (wanted, values, spec) in enumerate(outputs):
        if spec.scale is None:
            continue
        unrounded = ideal[index] if index < len(ideal) else wanted
        named = subject if len(expected) == 1 else f"{subject}, output {index}"
        found = compare(wanted, values)
        figures = _largest_and_mean(wanted, values, spec.scale)
        own_errors = _largest_and_mean(unrounded, wanted, spec.scale)
        for gate, figure, own in zip(limits, figures, own_errors, strict=True):
            checks.append(check_difference(gate.for_own_error(own), named, found, figure))
    return checks


def _largest_and_mean(a: np.ndarray, b: np.ndarray, step: float) -> tuple[float, float]:
    """The largest difference, and the mean of each input's largest, in steps; NaN for no pair."""
    if a.shape != b.shape:
        return math.nan, math.nan
    each = np.abs(a.astype(np.float64) - b).reshape(len(a), -1).max(axis=1) / step
    return float(each.max()), float(each.mean())


def _before_softmax(expected: np.ndarray, got: np.ndarray) -> Difference:
    if expected.shape != got.shape:
        return nothing(f"expected shape {expected.shape}, got {got.shape}")
    return compare(presoftmax(expected), presoftmax(got))


def _stacked(images: tuple[np.ndarray, ...], like: np.ndarray) -> np.ndarray | None:
    """The images in one array of the shape of `like`; None where their sizes do not allow it."""
    if len(images) != len(like) or any(image.size != like[0].size for image in images):
        return None
    return np.stack([image.reshape(like.shape[1:]) for image in images])
