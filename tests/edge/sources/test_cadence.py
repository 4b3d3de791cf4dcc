"""Which frames are classified."""

import pytest

from edgeproof.edge.sources.cadence import Cadence


def wanted(cadence: Cadence, times_s: list[float]) -> list[int]:
    return [i for i, time_s in enumerate(times_s) if cadence.wants(time_s)]


AT_30_FPS = [i / 30 for i in range(31)]


@pytest.mark.parametrize(
    ("every", "fps", "frames"),
    [
        (1, None, list(range(31))),
        (10, None, [0, 10, 20, 30]),
        (1, 10, list(range(0, 31, 3))),
        (1, 1, [0, 30]),
        (1, 60, list(range(31))),
        (2, 15, list(range(0, 31, 2))),
    ],
)
def test_every_and_fps(every: int, fps: float | None, frames: list[int]) -> None:
    assert wanted(Cadence(every, fps), AT_30_FPS) == frames


def test_frames_that_come_early_or_late_keep_the_rate() -> None:
    jitter = [t + (-1) ** i * 0.0004 for i, t in enumerate(AT_30_FPS)]
    assert len(wanted(Cadence(1, 10), jitter)) == 11


def test_a_rate_that_is_no_divisor_is_kept_on_average() -> None:
    """20 of 30 frames: two of three, not every second one."""
    assert len(wanted(Cadence(1, 20), AT_30_FPS)) == 21


def test_a_pause_is_not_made_up_for() -> None:
    times_s = [0.0, 0.1, 5.0, 5.033, 5.066, 5.1]
    assert wanted(Cadence(1, 10), times_s) == [0, 1, 2, 5]
