"""What conversion did to the answers: noise on golden inputs, accuracy on labelled images."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from edgeproof.convert.verify.check import Check, check, check_difference
from edgeproof.convert.verify.comparison import compare, compare_all
from edgeproof.convert.verify.faithfulness import cost_precision
from edgeproof.convert.verify.gates import Gate, gate_for
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.labelled import Labelled
from edgeproof.convert.verify.measure import Measurement
from edgeproof.convert.verify.paired import PairedChange, paired_change
from edgeproof.convert.verify.paired_answers import HeldOutReference, paired_answers
from edgeproof.convert.verify.screening import Screening, screening
from edgeproof.convert.verify.spread import ErrorSpread, error_spread
from edgeproof.convert.verify.statistics import (
    Accuracy,
    accuracy,
    agreement,
    calibration_error,
    confidence_drift,
    top_agreement,
)
from edgeproof.edge.manifest import Manifest, Variant
from edgeproof.edge.scores import probabilities


@dataclass(frozen=True)
class Cost:
    """Figures of one variant on one runtime; null where the bundle's task has no such figure.

    Attributes:
        errors: on golden inputs and golden files, against Keras' stored outputs.
        agreement: share of images with the reference's top label.
        agreement_n: how many images that is: held-out ones, or golden ones where there are none.
        agreement_top5: share of images whose reference label is among the five most probable; only
            where there are more than five labels.
        accuracy: on labelled held-out images.
        accuracy_before: the reference's (Keras', or what stands in for it) on the same images.
        accuracy_change_points: the difference of the two, percentage points.
        accuracy_test: McNemar's paired test of that change.
        confidence_drift: mean |change| of the probability of the reference's top label.
        calibration_error: expected calibration error, 15 bins of equal width.
        calibration_error_before: the reference's on the same images.
        screening: of a model with two labels.
        screening_before: the reference's on the same images.
    """

    errors: ErrorSpread | None = None
    agreement: float | None = None
    agreement_n: int | None = None
    agreement_top5: float | None = None
    accuracy: Accuracy | None = None
    accuracy_before: Accuracy | None = None
    accuracy_change_points: float | None = None
    accuracy_test: PairedChange | None = None
    confidence_drift: float | None = None
    calibration_error: float | None = None
    calibration_error_before: float | None = None
    screening: Screening | None = None
    screening_before: Screening | None = None


def cost_of(
    measured: Measurement,
    variant: Variant | None,
    manifest: Manifest,
    golden: GoldenSet,
    labelled: Labelled | None,
    reference: HeldOutReference | None,
    positive: int | None,
    gates: tuple[Gate, ...],
) -> tuple[Cost, list[Check]]:
    """The cost, and its checks.

    Args:
        variant: None for the source model itself, which has no limits.
        positive: index of the positive label (`screening.py`); None without one.
    """
    answered = errors_of(measured, variant, golden.outputs, golden.file_outputs)
    checks = []
    if variant is not None:
        difference = compare_all(golden.outputs, measured.golden_runs[0])
        gate = gate_for(gates, "noise", cost_precision(variant, measured.runtime))
        checks.append(check_difference(gate, "golden inputs", difference, difference.noise))
    if manifest.output.scores == "values" or not manifest.labels:
        return Cost(errors=answered), checks
    pair = paired_answers(measured, golden, labelled, reference)
    comparable = compare(pair.expected, pair.got)
    if not comparable:
        if variant is None:
            return Cost(errors=answered), checks
        gate = gate_for(gates, "agreement", cost_precision(variant, measured.runtime))
        checks.append(check_difference(gate, pair.subject, comparable, float("nan")))
        return Cost(errors=answered), checks
    wanted = probabilities(pair.expected, manifest.output, len(manifest.labels))
    found = probabilities(pair.got, manifest.output, len(manifest.labels))
    cost = dataclasses.replace(_agreement(wanted, found), errors=answered)
    if pair.labels is not None:
        cost = _on_labels(cost, wanted, found, pair.labels, manifest.labels, positive)
    if variant is not None:
        checks += _checks(cost, pair.subject, cost_precision(variant, measured.runtime), gates)
    return cost, checks


def errors_of(
    measured: Measurement,
    variant: Variant | None,
    outputs: tuple[np.ndarray, ...],
    file_outputs: np.ndarray | None,
) -> ErrorSpread | None:
    """Errors of every golden run and the golden files; None where one cannot be compared.

    `variant`: whose outputs' steps to count in; None for the source model, which has none.
    """
    steps = [s.scale for s in variant.outputs] if variant is not None else [None for _ in outputs]
    pairs, scales = [], list[float | None]()
    for run in measured.golden_runs:
        if len(run) != len(outputs):
            return None
        pairs += list(zip(outputs, run, strict=True))
        scales += steps
    if file_outputs is not None and measured.file_outputs:
        pairs.append((file_outputs, np.concatenate(measured.file_outputs)))
        scales += steps[:1]
    return error_spread(pairs, scales)


def _agreement(wanted: np.ndarray, found: np.ndarray) -> Cost:
    return Cost(
        agreement=agreement(wanted, found),
        agreement_n=len(found),
        agreement_top5=top_agreement(wanted, found, 5) if found.shape[1] > 5 else None,
        confidence_drift=confidence_drift(wanted, found),
    )


def _on_labels(
    cost: Cost,
    wanted: np.ndarray,
    found: np.ndarray,
    labels: np.ndarray,
    names: tuple[str, ...],
    positive: int | None,
) -> Cost:
    """The cost with what only labelled images can say, before and after conversion."""
    before, after = wanted.argmax(axis=1), found.argmax(axis=1)
    was, now = accuracy(before, labels), accuracy(after, labels)
    screened = [
        None if positive is None else screening(scores, labels, names, positive)
        for scores in (wanted, found)
    ]
    return dataclasses.replace(
        cost,
        accuracy=now,
        accuracy_before=was,
        accuracy_change_points=100 * (now.value - was.value),
        accuracy_test=paired_change(before, after, labels),
        calibration_error=calibration_error(found, labels),
        calibration_error_before=calibration_error(wanted, labels),
        screening_before=screened[0],
        screening=screened[1],
    )


def _checks(cost: Cost, subject: str, precision: str, gates: tuple[Gate, ...]) -> list[Check]:
    n = cost.agreement_n or 0
    figures = {
        "agreement": cost.agreement,
        "confidence-drift": cost.confidence_drift,
        "accuracy-drop": (
            None if cost.accuracy_change_points is None else max(0.0, -cost.accuracy_change_points)
        ),
    }
    return [
        check(gate_for(gates, name, precision).for_images(n), subject, figure, n)
        for name, figure in figures.items()
        if figure is not None
    ]
