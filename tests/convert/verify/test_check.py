import dataclasses
import math

import pytest

from edgeproof.convert.verify.check import check, smallest_tolerance
from edgeproof.convert.verify.cost import Cost
from edgeproof.convert.verify.gate_options import with_overrides
from edgeproof.convert.verify.gates import GATES, gate_for
from edgeproof.convert.verify.report import Row, broken_gates

NOISE = gate_for(GATES, "noise", "int8")
AGREEMENT = gate_for(GATES, "agreement", "int8")


@pytest.mark.parametrize("figure", [0.0, 0.123, 0.12345, 1.2341e-7, 0.99999, 1.0, 2 / 3, 12345.0])
@pytest.mark.parametrize("gate", [NOISE, AGREEMENT])
def test_the_smallest_tolerance_passes_and_a_tighter_one_does_not(
    gate: object, figure: float
) -> None:
    assert gate in (NOISE, AGREEMENT)
    named = NOISE if gate is NOISE else AGREEMENT
    limit = smallest_tolerance(named, figure)
    assert dataclasses.replace(named, limit=limit).holds(figure)
    assert limit == pytest.approx(figure, rel=0.01)
    tighter = limit * (0.989 if named is NOISE else 1.011)
    assert figure == 0.0 or not dataclasses.replace(named, limit=tighter).holds(figure)


def test_what_a_check_names_is_what_gate_takes() -> None:
    found = check(NOISE, "x", 0.4321, 10)
    assert found.override == "noise:int8=0.433"
    changed = with_overrides(GATES, [found.override])
    assert check(gate_for(changed, "noise", "int8"), "x", 0.4321, 10)
    assert check(gate_for(GATES, "tensors"), "x", 2, 10).override == "tensors=2"


@pytest.mark.parametrize(("figure", "compared"), [(math.nan, 3), (0.1, 0)])
def test_no_limit_passes_what_was_not_compared(figure: float, compared: int) -> None:
    found = check(NOISE, "x", figure, compared)
    assert not found
    assert found.smallest_tolerance is None
    assert found.override is None


def test_a_broken_gate_names_one_limit_for_all_that_it_broke() -> None:
    def row(*figures: float) -> Row:
        noise = [check(NOISE, "x", figure, 10) for figure in figures]
        agreement = [check(AGREEMENT, "x", 1 - figure, 10) for figure in figures]
        checks = (*noise, *agreement)
        return Row(
            "v", "r", "1", None, True, False, None, Cost(), 1, None, None, None, checks
        )  # fmt: skip

    broken = broken_gates((row(0.3, 0.01), row(0.5, math.nan)))
    advised = {b.would_pass for b in broken if b.gate == "noise"}
    assert advised == {"noise:int8=0.5", None}
    assert {b.would_pass for b in broken if b.gate == "agreement"} == {"agreement:int8=0.5", None}
    assert "would pass" not in next(b for b in broken if b.would_pass is None).sentence
