"""Which frames of a live camera are taken, and what is said of them; without a browser."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def paced(run_modules: RunModules, every: int, costs: list[int], until: int = 4000) -> Any:
    call = {"call": "pace", "every": every, "costs": costs, "until": until}
    (answer,) = run_modules([call])
    return answer["result"]


@pytest.mark.parametrize(
    ("every", "cost", "per_second"),
    [
        (33, 5, 30),  # as the camera gives them
        (16, 5, 30),  # a faster camera: not all
        (33, 60, 10),  # three quarters of the time, in whole frames of the camera
        (33, 600, 1.25),
    ],
)
def test_rate_follows_what_a_frame_costs(
    run_modules: RunModules, every: int, cost: int, per_second: float
) -> None:
    found = paced(run_modules, every, [cost])
    assert found["perSecond"] == pytest.approx(per_second, rel=0.06)
    busy = cost * len(found["taken"]) / 4000
    assert busy <= 0.8


def test_rate_recovers_after_a_slow_frame(run_modules: RunModules) -> None:
    found = paced(run_modules, 33, [5, 900, 5])
    gaps = np.diff(found["taken"])
    assert gaps.max() > 900
    assert np.median(gaps[-20:]) == 33


def test_no_rate_before_there_are_two_frames(run_modules: RunModules) -> None:
    assert paced(run_modules, 33, [10], until=20)["perSecond"] is None


def steady(run_modules: RunModules, frames: list[tuple[int, list[float]]]) -> Any:
    (answer,) = run_modules([{"call": "steady", "frames": frames}])
    return answer["result"]


def test_only_a_label_that_stays_is_said_and_once(run_modules: RunModules) -> None:
    first = [(t, [0.9, 0.1]) for t in range(0, 5000, 50)]
    flicker = [(t, [0.1, 0.9]) for t in range(5000, 5200, 50)]
    back = [(t, [0.9, 0.1]) for t in range(5200, 8000, 50)]
    other = [(t, [0.1, 0.9]) for t in range(8000, 12000, 50)]
    told = steady(run_modules, [*first, *flicker, *back, *other])
    assert [label for _, label in told] == [0, 1]
    assert told[0][0] == 1000
    assert 9000 <= told[1][0] <= 10000


def test_nothing_is_said_where_nothing_is_recognised(run_modules: RunModules) -> None:
    unsure = [(t, [0.4, 0.35, 0.25]) for t in range(0, 5000, 50)]
    assert steady(run_modules, unsure) == []


def test_best_are_the_first_of_all_that_are_ranked(run_modules: RunModules) -> None:
    rng = np.random.default_rng(0)
    rows = [*rng.integers(0, 6, (40, 12)).tolist(), [1], [0, 0]]
    calls = [{"call": "best", "row": row, "count": 5} for row in rows]
    for row, answer in zip(rows, run_modules(calls), strict=True):
        assert answer["result"] == np.argsort(-np.array(row), kind="stable")[:5].tolist()
