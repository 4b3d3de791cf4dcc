"""The answers that devices are held to are those of the reference kernels that run here."""

from __future__ import annotations

from edgeproof.convert.verify.check import Check, check_difference
from edgeproof.convert.verify.comparison import compare
from edgeproof.convert.verify.gates import Gate, gate_for
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.measure import Measurement
from edgeproof.edge.manifest import Variant
from edgeproof.edge.quantisation import dequantise


def stored_answer_checks(
    measured: Measurement, variant: Variant, golden: GoldenSet, gates: tuple[Gate, ...]
) -> list[Check]:
    """Hold what the bundle keeps for a variant against `measured`, the reference kernels' run."""
    if variant.reference is None:
        return []
    rows, stored = list(variant.reference.rows), golden.reference[variant.id]
    checks = []
    for index, (spec, array) in enumerate(zip(variant.outputs, stored, strict=True)):
        got = measured.golden_runs[0][index]
        difference = compare(dequantise(array, spec), got[rows])
        name = "stored-relative" if spec.scale is None else "stored-steps"
        figure = difference.relative if spec.scale is None else difference.absolute / spec.scale
        subject = f"the answers kept for devices, output {index}"
        checks.append(check_difference(gate_for(gates, name), subject, difference, figure))
    return checks
