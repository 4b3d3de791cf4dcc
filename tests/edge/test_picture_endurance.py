"""20,000 pictures, good and bad, leave no memory and no descriptor behind."""

import json
import subprocess
import sys
from pathlib import Path

GROWTH_LIMIT_BYTES = 1_000_000


def endured(count: int, leak_bytes: int = 0) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.edge.corpus.endurance", str(count), str(leak_bytes)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    result: dict[str, int] = json.loads(done.stdout)
    return result


def test_twenty_thousand_pictures_leave_nothing_behind() -> None:
    # measured: 0.1 MB, and 0.2 MB after 60,000
    result = endured(20_000)
    assert result["pictures"] == 20_000
    assert 0.4 < result["images"] / 20_000 < 0.6
    assert result["descriptors"] == 0
    assert result["grown_bytes"] < GROWTH_LIMIT_BYTES


def test_a_leak_of_half_a_kilobyte_a_picture_is_seen() -> None:
    result = endured(6_000, leak_bytes=500)
    assert result["descriptors"] > 0
    assert result["grown_bytes"] > GROWTH_LIMIT_BYTES
