"""What conversion did to the answers: noise on golden inputs, accuracy on labelled images."""

from dataclasses import dataclass

import numpy as np

from edgeproof.convert.verify.check import Check, check, check_difference
from edgeproof.convert.verify.comparison import compare, compare_all
from edgeproof.convert.verify.faithfulness import cost_precision
from edgeproof.convert.verify.gates import Gate, gate_for
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.labelled import Labelled
from edgeproof.convert.verify.measure import Measurement
from edgeproof.convert.verify.statistics import Accuracy, accuracy, agreement, confidence_drift
from edgeproof.edge.manifest import Manifest, Variant
from edgeproof.edge.scores import probabilities


@dataclass(frozen=True)
class Cost:
    """Figures of one variant on one runtime; None where the bundle's task has no such figure.

    Attributes:
        agreement: share of images with the reference's top label.
        agreement_n: how many images that is: held-out ones, or golden ones where there are none.
        accuracy: on labelled held-out images.
        accuracy_change_points: that minus the reference's on the same images, percentage points.
        confidence_drift: mean |change| of the probability of the reference's top label.
    """

    agreement: float | None = None
    agreement_n: int | None = None
    accuracy: Accuracy | None = None
    accuracy_change_points: float | None = None
    confidence_drift: float | None = None


@dataclass(frozen=True)
class HeldOutReference:
    """The first output for all held-out images, by Keras or by what stands in for it."""

    name: str
    output: np.ndarray


def cost_of(
    measured: Measurement,
    variant: Variant | None,
    manifest: Manifest,
    golden: GoldenSet,
    labelled: Labelled | None,
    reference: HeldOutReference | None,
    gates: tuple[Gate, ...],
) -> tuple[Cost, list[Check]]:
    """The cost, and its checks. `variant` None: the source model itself, which has no limits."""
    checks = []
    if variant is not None:
        difference = compare_all(golden.outputs, measured.golden_runs[0])
        gate = gate_for(gates, "noise", cost_precision(variant, measured.runtime))
        checks.append(check_difference(gate, "golden inputs", difference, difference.noise))
    if manifest.output.scores == "values" or not manifest.labels:
        return Cost(), checks
    if labelled is None or reference is None or measured.heldout_output is None:
        subject, expected, got = "golden inputs", golden.outputs[0], measured.golden_runs[0][0]
        labels = None
    else:
        rows = measured.heldout_rows
        subject, labels = f"held-out images and {reference.name}", labelled.labels[rows]
        expected, got = reference.output[rows], measured.heldout_output
    comparable = compare(expected, got)
    if not comparable:
        if variant is None:
            return Cost(), checks
        gate = gate_for(gates, "agreement", cost_precision(variant, measured.runtime))
        checks.append(check_difference(gate, subject, comparable, float("nan")))
        return Cost(), checks
    wanted = probabilities(expected, manifest.output, len(manifest.labels))
    found = probabilities(got, manifest.output, len(manifest.labels))
    cost = _figures(wanted, found, labels)
    if variant is not None:
        checks += _checks(cost, subject, cost_precision(variant, measured.runtime), gates)
    return cost, checks


def _figures(wanted: np.ndarray, found: np.ndarray, labels: np.ndarray | None) -> Cost:
    right, before = None, None
    if labels is not None:
        right = accuracy(found.argmax(axis=1), labels)
        before = accuracy(wanted.argmax(axis=1), labels)
    return Cost(
        agreement=agreement(wanted, found),
        agreement_n=len(found),
        accuracy=right,
        accuracy_change_points=(
            None if right is None or before is None else 100 * (right.value - before.value)
        ),
        confidence_drift=confidence_drift(wanted, found),
    )


def _checks(cost: Cost, subject: str, precision: str, gates: tuple[Gate, ...]) -> list[Check]:
    figures = {
        "agreement": cost.agreement,
        "confidence-drift": cost.confidence_drift,
        "accuracy-drop": (
            None if cost.accuracy_change_points is None else max(0.0, -cost.accuracy_change_points)
        ),
    }
    return [
        check(gate_for(gates, name, precision), subject, figure, cost.agreement_n or 0)
        for name, figure in figures.items()
        if figure is not None
    ]
