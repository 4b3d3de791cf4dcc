"""The gates of cost, held against a .tflite's answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from edgeproof.convert.description import Description
from edgeproof.convert.rescue.request import OF_COST
from edgeproof.convert.rescue.samples import Samples
from edgeproof.convert.verify.check import Check, check, check_difference
from edgeproof.convert.verify.comparison import compare_all
from edgeproof.convert.verify.gates import Gate, gate_for
from edgeproof.convert.verify.statistics import accuracy, agreement, confidence_drift
from edgeproof.edge.errors import UsageError
from edgeproof.edge.manifest import Output
from edgeproof.edge.scores import probabilities


def measurable(description: Description, samples: Samples) -> tuple[str, ...]:
    """The gates that these samples can say something about."""
    if description.scores == "values" or not description.labels:
        return ("noise",)
    return tuple(n for n in OF_COST if n != "accuracy-drop" or samples.labels is not None)


def check_measurable(overrides: Iterable[str], description: Description, samples: Samples) -> None:
    """Refuse a limit that would hold only because nothing is held against it.

    Raises:
        UsageError: it is about labels or scores that there are none of.
    """
    possible = measurable(description, samples)
    for override in overrides:
        name = override.partition("=")[0].partition(":")[0]
        if name not in possible:
            lacking = "labelled images" if name == "accuracy-drop" else "a classifier's scores"
            raise UsageError(
                f"expected {lacking} for --gate {override}, got none with this model; "
                f"what can be measured: {', '.join(possible)}"
            )


def checks_on(
    samples: Samples,
    got: Sequence[np.ndarray],
    description: Description,
    precision: str,
    gates: tuple[Gate, ...],
) -> tuple[Check, ...]:
    """Every gate that can be measured, with its figure, in the order of `measurable`.

    Args:
        got: the file's real outputs, in the model's order.
    """
    possible = measurable(description, samples)
    rows = {name: gate_for(gates, name, precision) for name in possible}
    difference = compare_all(samples.outputs, got)
    if not difference:
        return tuple(check_difference(row, samples.source, difference, 0) for row in rows.values())
    figures = {"noise": difference.noise}
    if "agreement" in possible:
        output, count = Output(description.scores), len(description.labels)
        wanted = probabilities(samples.outputs[0], output, count)
        found = probabilities(got[0], output, count)
        figures["agreement"] = agreement(wanted, found)
        figures["confidence-drift"] = confidence_drift(wanted, found)
        if samples.labels is not None:
            before = accuracy(wanted.argmax(axis=1), samples.labels)
            after = accuracy(found.argmax(axis=1), samples.labels)
            figures["accuracy-drop"] = max(0.0, 100 * (before.value - after.value))
    count = len(samples)
    return tuple(
        check(rows[n].for_images(count), samples.source, figures[n], count) for n in possible
    )


def shown(checks: Iterable[Check]) -> str:
    """`accuracy-drop 3.1 (at most 0.5), ...` for the checks that do not hold."""
    return ", ".join(f"{c.gate} {c.found} ({c.bound} {c.limit:g})" for c in checks if not c)
