"""An emulated board's answers are judged like any other's: wrong ones break a gate."""

from collections.abc import Callable
from typing import Any

import pytest

from edgeproof.convert.verify.arm.boards import BOARDS
from edgeproof.convert.verify.arm.prepared import why_not_prepared
from edgeproof.convert.verify.report import Report
from tests.parity.mutants.runtimes import FaultyRunning, one_value


def off_by_a_tenth(running: Any) -> FaultyRunning:
    change = one_value(0.1)
    return FaultyRunning(running, lambda run, inputs, call: change(run(inputs), call))


@pytest.mark.parametrize("name", list(BOARDS))
def test_one_wrong_value_on_a_board(
    lab: Any, caught: Callable[[Report], set[str]], name: str
) -> None:
    reason = why_not_prepared(BOARDS[name])
    if reason is not None:
        pytest.skip(reason)
    intact = lab.verify("tflite-int8", runtime=name)
    assert caught(intact) == set()
    (row,) = [row for row in intact.rows if row.runtime == name]
    assert (row.p50_ms, row.load_ms) == (None, None)
    assert "steps" in caught(lab.verify("tflite-int8", runtime=name, wrap=off_by_a_tenth))
