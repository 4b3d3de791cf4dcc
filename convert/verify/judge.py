"""From measurements to rows: which reference, which checks, and a verdict for each."""

import math
from dataclasses import dataclass

import numpy as np

from edgeproof.convert.verify.check import Check, check, check_difference
from edgeproof.convert.verify.comparison import compare_all
from edgeproof.convert.verify.cost import Cost, cost_of, errors_of
from edgeproof.convert.verify.examples import VariantExamples, worst_examples
from edgeproof.convert.verify.faithfulness import (
    Answers,
    faithfulness_checks,
    integrity_checks,
    keras_answers,
    measured_answers,
    reference_runtime,
)
from edgeproof.convert.verify.gates import Gate, gate_for
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.labelled import Labelled
from edgeproof.convert.verify.measure import Measurement
from edgeproof.convert.verify.paired_answers import HeldOutReference
from edgeproof.convert.verify.report import Row, WorstError
from edgeproof.convert.verify.runtimes.registry import SOURCE_VARIANT
from edgeproof.convert.verify.spread import ErrorSpread
from edgeproof.convert.verify.statistics import swapped_pairs
from edgeproof.convert.verify.stored_answers import stored_answer_checks
from edgeproof.edge.manifest import Manifest, Variant
from edgeproof.edge.scores import probabilities

STORED_OUTPUTS = "stored outputs"  # the source's row where the source model is not run
STAND_IN = ("tflite-float32", "litert")


@dataclass(frozen=True)
class Evidence:
    """All that was measured, and what it is to be held against.

    `positive`: index of the positive label of a two-label model; None for others.
    `static`: what was found in the bundle's files before anything ran.
    """

    manifest: Manifest
    golden: GoldenSet
    labelled: Labelled | None
    run_labels: tuple[str, ...] | None
    measurements: tuple[Measurement, ...]
    gates: tuple[Gate, ...]
    positive: int | None = None
    static: tuple[Check, ...] = ()

    def measured(self, variant: str, runtime: str) -> Measurement | None:
        """The measurement of a variant on a runtime, if it gave answers."""
        for m in self.measurements:
            if m.variant == variant and m.runtime == runtime and m.failure is None:
                return m
        return None


@dataclass(frozen=True)
class Judged:
    """A row for each measurement, the source's first; the words on what stood as reference; the
    images that conversion moved most."""

    rows: tuple[Row, ...]
    references: tuple[str, ...]
    examples: tuple[VariantExamples, ...]


def judge(evidence: Evidence) -> Judged:
    """Hold everything that was measured against what it is to be."""
    heldout, said = _heldout_reference(evidence)
    rows = [_source_row(evidence, heldout)]
    for variant in evidence.manifest.variants:
        measured = [m for m in evidence.measurements if m.variant == variant.id]
        rows += [_variant_row(m, evidence, heldout) for m in measured]
    examples = worst_examples(
        evidence.measurements, evidence.manifest, evidence.golden, evidence.labelled, heldout
    )
    return Judged(tuple(rows), said, examples)


def _heldout_reference(evidence: Evidence) -> tuple[HeldOutReference | None, tuple[str, ...]]:
    """Keras' own outputs on the held-out images, or what may stand in for them, and the words."""
    source = evidence.measured(SOURCE_VARIANT, "keras")
    if source is not None:
        said = ["Reference: the golden outputs, held against the source model, run again in Keras."]
    else:
        said = ["Reference: the golden outputs of the bundle; the source model was not run."]
    if (renamed := evidence.manifest.provenance.labels_from) is not None:
        said.append(f"The labels come from {renamed}: they are not compared with the run's.")
    if evidence.labelled is None:
        said.append("No labelled images: agreement is measured on the golden inputs.")
        return None, tuple(said)
    if source is not None and source.heldout_output is not None:
        return HeldOutReference("Keras", source.heldout_output), tuple(said)
    stand_in = evidence.measured(*STAND_IN)
    if stand_in is None or stand_in.heldout_output is None:
        said.append(
            "Nothing can stand in for Keras on the held-out images: accuracy is not judged."
        )
        return None, tuple(said)
    variant = _variant(evidence.manifest, stand_in.variant)
    golden = evidence.golden
    checks = faithfulness_checks(
        stand_in, variant, evidence.manifest, golden, keras_answers(golden), evidence.gates
    )
    if not checks or not all(checks):
        said.append(f"{' on '.join(STAND_IN)} is not faithful, so accuracy is not judged.")
        return None, tuple(said)
    said.append(f"On the held-out images {' on '.join(STAND_IN)} stands in for Keras.")
    return HeldOutReference(" on ".join(STAND_IN), stand_in.heldout_output), tuple(said)


def _variant_row(
    measured: Measurement, evidence: Evidence, heldout: HeldOutReference | None
) -> Row:
    variant = _variant(evidence.manifest, measured.variant)
    if measured.failure is not None:
        return _failed_row(measured, variant.bytes, evidence.gates)
    gates, manifest, golden = evidence.gates, evidence.manifest, evidence.golden
    checks = integrity_checks(measured, golden, gates)
    judged_by = reference_runtime(variant)
    reference: Answers | None
    faithful: list[Check] | None = []
    if judged_by is None:
        reference = keras_answers(golden)
    elif judged_by == measured.runtime:
        reference, faithful = None, None
        checks += stored_answer_checks(measured, variant, golden, gates)
    else:
        answers = evidence.measured(variant.id, judged_by)
        reference = None if answers is None else measured_answers(answers)
        if reference is None:
            gate = gate_for(gates, "runs")
            problem = f"the reference {judged_by} gave no answers"
            faithful = [check(gate, f"{judged_by} on the same file", 0, 0, problem)]
    if reference is not None:
        faithful = faithfulness_checks(measured, variant, manifest, golden, reference, gates)
    cost, cost_checks = cost_of(
        measured, variant, manifest, golden, evidence.labelled, heldout, evidence.positive, gates
    )
    every = (*checks, *(faithful or ()), *cost_checks)
    return _row(
        measured,
        reference=None if faithful is None else (reference.name if reference else judged_by),
        faithful=None if faithful is None else _all_hold((*checks, *faithful), faithful),
        worst=_worst(faithful or ()),
        errors=(
            None
            if reference is None
            else errors_of(measured, variant, reference.golden, reference.files)
        ),
        cost=cost,
        size=variant.bytes,
        checks=every,
    )


def _all_hold(checks: tuple[Check, ...], faithful: list[Check]) -> bool:
    """Every check holds, and at least one of them looked at the arithmetic."""
    return bool(faithful) and all(checks)


def _source_row(evidence: Evidence, heldout: HeldOutReference | None) -> Row:
    """The reference's own row: is it alive, is it what the bundle stores, are the labels right?"""
    gates, manifest, golden = evidence.gates, evidence.manifest, evidence.golden
    asked = [m for m in evidence.measurements if m.variant == SOURCE_VARIANT]
    checks = [_variety(golden, gates), *evidence.static, *_label_checks(evidence, heldout)]
    if not asked:
        stored = Measurement(SOURCE_VARIANT, STORED_OUTPUTS, "")
        return _row(
            stored,
            reference=None,
            faithful=None,
            worst=None,
            cost=Cost(),
            size=None,
            checks=tuple(checks),
        )
    measured = asked[0]
    if measured.failure is not None:
        return _failed_row(measured, None, gates, tuple(checks))
    gate = gate_for(gates, "golden-reproduced")
    for index, run in enumerate(measured.golden_runs):
        difference = compare_all(golden.outputs, run)
        subject = f"golden outputs and Keras, run {index + 1}"
        checks.append(check_difference(gate, subject, difference, difference.relative))
    if golden.file_outputs is not None:
        got = (np.concatenate(measured.file_outputs),) if measured.file_outputs else ()
        difference = compare_all((golden.file_outputs,), got)
        checks.append(
            check_difference(gate, "golden files and Keras", difference, difference.relative)
        )
    reproduced = [c for c in checks if c.gate == "golden-reproduced"]
    checks += integrity_checks(measured, golden, gates)
    cost, _ = cost_of(
        measured, None, manifest, golden, evidence.labelled, heldout, evidence.positive, gates
    )
    return _row(
        measured,
        reference="golden outputs",
        faithful=_all_hold(tuple(checks), reproduced),
        worst=_worst(reproduced),
        errors=cost.errors,
        cost=cost,
        size=None,
        checks=tuple(checks),
    )


def _variety(golden: GoldenSet, gates: tuple[Gate, ...]) -> Check:
    first = golden.outputs[0].reshape(len(golden.outputs[0]), -1)
    distinct = len(np.unique(first, axis=0))
    return check(gate_for(gates, "golden-variety"), "golden outputs", distinct, len(first))


def _label_checks(evidence: Evidence, heldout: HeldOutReference | None) -> list[Check]:
    checks, labels = [], evidence.manifest.labels
    if evidence.run_labels is not None:
        pairs = list(zip(labels, evidence.run_labels, strict=False))
        differing = sum(ours != theirs for ours, theirs in pairs)
        differing += abs(len(labels) - len(evidence.run_labels))
        gate = gate_for(evidence.gates, "labels")
        checks.append(check(gate, "labels of bundle and run", differing, len(pairs)))
    if evidence.labelled is not None and heldout is not None:
        scores = probabilities(heldout.output, evidence.manifest.output, len(labels))
        answers = scores.argmax(axis=1)
        checks.append(_guessing(heldout.name, answers, evidence.labelled.labels, evidence))
        pairs_found = swapped_pairs(answers, evidence.labelled.labels, len(labels))
        named = ", ".join(f"{labels[i]} and {labels[j]}" for i, j in pairs_found[:3])
        subject = f"{heldout.name}'s answers and the labels" + (f": {named}" if named else "")
        gate = gate_for(evidence.gates, "label-order")
        checks.append(check(gate, subject, len(pairs_found), len(evidence.labelled.labels)))
    return checks


def _guessing(name: str, answers: np.ndarray, truth: np.ndarray, evidence: Evidence) -> Check:
    """How far the reference's accuracy is under that of guessing among the labels."""
    chance, n = 1 / len(evidence.manifest.labels), len(truth)
    deviation = math.sqrt(chance * (1 - chance) / n) if chance < 1 else math.inf
    under = max(0.0, chance - float(np.mean(answers == truth))) / deviation
    return check(gate_for(evidence.gates, "guessing"), f"{name}'s answers", under, n)


def _failed_row(
    measured: Measurement,
    size: int | None,
    gates: tuple[Gate, ...],
    others: tuple[Check, ...] = (),
) -> Row:
    failed = check(gate_for(gates, "runs"), "answers", 1, 0, measured.failure)
    return _row(
        measured,
        reference=None,
        faithful=False,
        worst=None,
        cost=Cost(),
        size=size,
        checks=(*others, failed),
    )


def _row(
    measured: Measurement,
    *,
    reference: str | None,
    faithful: bool | None,
    worst: WorstError | None,
    cost: Cost,
    size: int | None,
    checks: tuple[Check, ...],
    errors: ErrorSpread | None = None,
) -> Row:
    times = measured.latencies_ms
    return Row(
        variant=measured.variant,
        runtime=measured.runtime,
        version=measured.version,
        reference=reference,
        faithful=faithful,
        passed=bool(checks) and all(checks),
        worst_error=worst,
        errors=errors,
        cost=cost,
        bytes=size,
        p50_ms=float(np.percentile(times, 50)) if times else None,
        p95_ms=float(np.percentile(times, 95)) if times else None,
        load_ms=measured.load_ms,
        checks=checks,
        failure=measured.failure,
    )


def _worst(checks: "list[Check] | tuple[()]") -> WorstError | None:
    """The largest error nearest to its limit; a check without any figure is the worst of all.

    Means are not shown as the worst error: they stand among the row's checks.
    """
    largest = [c for c in checks if c.got is None or not c.gate.startswith("mean-")]
    if not largest:
        return None
    worst = max(largest, key=lambda c: float("inf") if c.got is None else c.got / (c.limit or 1))
    return WorstError(worst.gate, worst.got, worst.limit, worst.unit)


def _variant(manifest: Manifest, variant_id: str) -> Variant:
    return next(variant for variant in manifest.variants if variant.id == variant_id)
