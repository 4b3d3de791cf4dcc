"""Checkpoints: whole or not there, few, and found out when they are damaged."""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from edgeproof.train import checkpoint as module
from edgeproof.train.checkpoint import (
    Best,
    Checkpoint,
    DamagedCheckpoint,
    checkpoints_in,
    read_checkpoint,
    write_checkpoint,
)
from edgeproof.train.history import EpochFigures

_PROGRAM = Path(__file__).with_name("interrupted_write.py")


def _state(epochs: int) -> Checkpoint:
    rng = np.random.default_rng(epochs)
    values = [rng.normal(size=(3, 4)).astype(np.float32), np.array(epochs, dtype=np.int64)]
    figures = [EpochFigures(e + 1, 0.1 + 0.2, 0.5, 1 / 3, 0.5, 0.1, 2.0) for e in range(epochs)]
    return Checkpoint(values, values[::-1], Best(1, 1 / 3, values), tuple(figures))


def test_what_is_read_is_what_was_written_to_the_bit(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, _state(2), {"recipe": "digits", "seed": 4})
    read, training = read_checkpoint(tmp_path / "epoch-00002.npz")
    assert training == {"recipe": "digits", "seed": 4}
    assert (read.epochs, read.history) == (2, _state(2).history)
    assert (read.best.epoch, read.best.loss) == (1, 1 / 3)
    for mine, other in ((read.model, _state(2).model), (read.optimizer, _state(2).optimizer)):
        assert [v.dtype for v in mine] == [v.dtype for v in other]
        for one, two in zip(mine, other, strict=True):
            np.testing.assert_array_equal(one, two)


def test_the_newest_and_one_more_are_kept(tmp_path: Path) -> None:
    for epochs in range(1, 12):
        write_checkpoint(tmp_path, _state(epochs), {})
    assert [path.name for path in checkpoints_in(tmp_path)] == [
        "epoch-00011.npz",
        "epoch-00010.npz",
    ]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("mode", ["kill", "full"])
def test_a_failure_at_any_call_leaves_a_good_checkpoint(tmp_path: Path, mode: str) -> None:
    done = subprocess.run(
        [sys.executable, str(_PROGRAM), mode, str(tmp_path / "work")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["findings"] == []
    assert result["calls"] > 20  # writes of every array, two fsyncs, a rename, a removal


def test_the_disk_has_the_file_before_its_name_and_the_name_before_the_old_one_goes(
    tmp_path: Path,
) -> None:
    for epochs in (1, 2):
        write_checkpoint(tmp_path, _state(epochs), {})
    calls: list[str] = []

    def noted(name: str) -> mock.Mock:
        real = getattr(os, name)
        return mock.Mock(side_effect=lambda *a: (calls.append(name), real(*a))[1])

    with mock.patch.multiple(
        module.os, **{name: noted(name) for name in ("fsync", "replace", "unlink")}
    ):
        write_checkpoint(tmp_path, _state(3), {})
    assert calls == ["fsync", "replace", "fsync", "unlink"]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "pickled", "later version"])
def test_damage_is_found(tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "epoch-00002.npz"
    if damage == "later version":
        monkeypatch.setattr(module, "SCHEMA_VERSION", 9)
    write_checkpoint(tmp_path, _state(2), {})
    monkeypatch.undo()
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        content[content.find(_state(2).model[0].tobytes()) + 5] ^= 1
        path.write_bytes(content)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "pickled":
        np.savez(path, document=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DamagedCheckpoint, match=r"epoch-00002\.npz"):
        read_checkpoint(path)
