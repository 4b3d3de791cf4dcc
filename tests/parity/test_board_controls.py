"""An emulated board's answers are judged like any other's: wrong ones break a gate."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.verify.arm.boards import BOARDS
from edgeproof.convert.verify.arm.prepared import why_not_prepared
from edgeproof.convert.verify.report import Report


def off_by_a_tenth(outputs: dict[str, np.ndarray], _: int) -> dict[str, np.ndarray]:
    wrong = {name: array.copy() for name, array in outputs.items()}
    next(iter(wrong.values()))[-1, -1] += 0.1
    return wrong


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
    assert "steps" in caught(lab.verify("tflite-int8", runtime=name, alter=off_by_a_tenth))
