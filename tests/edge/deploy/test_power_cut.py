"""Power cut, or disk full, at every call of an installation: always one whole model."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("power_cut.py")
MEMORY_DISK = Path("/dev/shm")


@pytest.fixture
def work() -> Iterator[Path]:
    """A folder in memory where that is possible: on a disk each sync takes some 4 ms."""
    folder = tempfile.mkdtemp(dir=MEMORY_DISK if MEMORY_DISK.is_dir() else None)
    yield Path(folder)
    shutil.rmtree(folder)


def cut(mode: str, work: Path, archives: list[Path], *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, PROGRAM, mode, work, *archives, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def update(packed: dict[str, Path]) -> list[Path]:
    """Two models are installed, the third comes, and the first has to go."""
    return [packed[p] for p in ("float32", "float16", "int8")]


@pytest.mark.parametrize("mode", ["kill", "full"])
def test_update_that_breaks_off(mode: str, work: Path, update: list[Path]) -> None:
    result = cut(mode, work, update)
    assert result["findings"] == []
    assert result["calls"] > 80
    # the old model ran after some, the new one after others, and none never
    old, new = sorted(result["runs"].values())
    assert old + new == result["calls"] + 1
    assert old > 10


def test_first_installation_that_breaks_off(work: Path, update: list[Path]) -> None:
    result = cut("kill", work, update[-1:])
    assert result["findings"] == []
    assert set(result["runs"]) > {"none"}


@pytest.mark.parametrize("mode", ["kill", "full", "forget"])
def test_going_back_that_breaks_off(mode: str, work: Path, update: list[Path]) -> None:
    result = cut(mode, work, update, "--rollback")
    assert result["findings"] == []
    assert len(result["runs"]) == 2  # the one before and the one that was current
    assert result["calls"] >= 6


@pytest.mark.parametrize("installed", [0, 2])
def test_bytes_and_names_that_never_reached_the_disk(
    work: Path, update: list[Path], installed: int
) -> None:
    result = cut("forget", work, update[2 - installed :])
    assert result["findings"] == []
    assert result["calls"] > 60


@pytest.mark.parametrize(
    ("mutant", "finding"),
    [
        ("link", "None has no manifest"),
        ("folders", "has no manifest"),
        ("files", "has an empty manifest"),
        ("remove", "has no manifest"),
    ],
)
def test_control_mistakes_are_found(
    work: Path, update: list[Path], mutant: str, finding: str
) -> None:
    findings = cut("forget", work, update, "--mutant", mutant)["findings"]
    assert any(finding in found for found in findings)


def test_control_mistake_is_found_by_killing(work: Path, update: list[Path]) -> None:
    options = ("--mutant", "link", "--first", "75", "--last", "90")
    assert "there is no current model" in str(cut("kill", work, update, *options)["findings"])
