"""A finished run becomes an entry; what is not fit for that is refused, and leaves nothing."""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from edgeproof.edge.errors import EdgeproofError, OutputError, UsageError
from edgeproof.train.errors import TrainError
from edgeproof.train.zoo.add import ZOO, add, read_run
from edgeproof.train.zoo.converted import figures_in

ENTRY = ZOO / "mnist"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run, as an older release wrote them: an entry has the layout of one."""
    run = tmp_path / "run"
    shutil.copytree(ENTRY, run)
    (run / "MODEL_CARD.md").unlink()
    (run / "converted.json").unlink()

    def older(config: dict[str, Any]) -> None:
        config["command"] = (
            "edgeproof train mnist -o /home/ada/runs/x --data '/home/ada/my data' "
            "--epochs 3 --seed 1 --from /home/ada/runs/before"
        )
        config["data"] |= {"origin": "/home/ada/my data/mnist", "left_out": ["/home/ada/b.png"]}
        del config["deployment"]["notice"]

    edit(run / "config.json", older)
    return run


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_entry_is_a_run_without_folders_of_the_machine(run: Path, tmp_path: Path) -> None:
    entry = add(read_run(run), tmp_path / "zoo")

    config = read_run(entry).config
    assert entry == tmp_path / "zoo" / "mnist"
    assert config.command == (
        "edgeproof train mnist -o runs/mnist --epochs 3 --seed 1 --from before"
    )
    assert (config.data.origin, config.data.left_out) == ("mnist", ("b.png",))
    assert b"/home/ada" not in b"".join(files_in(entry).values())
    # what it was made of is as it was
    assert read_run(entry).metrics == read_run(ENTRY).metrics
    assert files_in(entry)["model.keras"] == files_in(ENTRY)["model.keras"]


def test_same_run_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    first, second = (add(read_run(run), tmp_path / name) for name in ("one", "two"))
    assert files_in(first) == files_in(second)


def test_pictures_are_thinned_evenly_and_by_class(run: Path, tmp_path: Path) -> None:
    many = np.arange(250, dtype=np.uint8).reshape(-1, 1, 1, 1) * np.ones((28, 28, 1), np.uint8)
    labels = np.repeat(np.arange(10), 25)
    np.savez(run / "calibration.npz", images=many)
    np.savez(run / "test.npz", images=many, labels=labels, total=np.int64(10_000))

    entry = add(read_run(run), tmp_path / "zoo")

    with np.load(entry / "calibration.npz") as kept:
        assert kept["images"][[0, -1], 0, 0, 0].tolist() == [0, 249]
        assert len(kept["images"]) == 24
    with np.load(entry / "test.npz") as kept:
        assert np.bincount(kept["labels"]).tolist() == [11] * 10
        # images and labels still belong together
        assert (labels[kept["images"][:, 0, 0, 0]] == kept["labels"]).all()
        assert int(kept["total"]) == 10_000


def test_existing_entry_stays_without_force(run: Path, tmp_path: Path) -> None:
    entry = add(read_run(run), tmp_path / "zoo")
    before = files_in(entry)
    with pytest.raises(OutputError, match="which exists"):
        add(read_run(run), tmp_path / "zoo")
    assert files_in(entry) == before
    add(read_run(run), tmp_path / "zoo", force=True)


@pytest.mark.parametrize(
    ("file", "change", "error", "message"),
    [
        ("config.json", {"limit": 200}, TrainError, "on all of its data, got one with --limit 200"),
        ("metrics.json", {"interrupted": True}, TrainError, "the same command goes on"),
        ("config.json", {"recipe": "digits"}, UsageError, "train/zoo/facts.py"),
        ("config.json", {"extra": 1}, TrainError, "extra: unknown field"),
    ],
)
def test_unfit_runs(
    run: Path, file: str, change: dict[str, Any], error: type[EdgeproofError], message: str
) -> None:
    edit(run / file, lambda document: document.update(change))
    with pytest.raises(error, match=message):
        read_run(run)


def test_optimiser_is_refused_and_nothing_is_left(run: Path, tmp_path: Path) -> None:
    content = io.BytesIO()
    with h5py.File(content, "w") as weights:
        weights.create_group("layers")
        weights.create_group("optimizer")
    with zipfile.ZipFile(run / "model.keras", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", content.getvalue())
    with pytest.raises(TrainError, match="without its optimiser"):
        add(read_run(run), tmp_path / "zoo")
    assert list((tmp_path / "zoo").iterdir()) == []


@pytest.mark.parametrize("file", ["model.keras", "test.npz", "calibration.npz"])
def test_damaged_files(run: Path, tmp_path: Path, file: str) -> None:
    (run / file).write_bytes(b"PK\x03\x04 no")
    with pytest.raises(TrainError, match=file):
        add(read_run(run), tmp_path / "zoo")


def test_command_says_where_the_entry_is(run: Path, tmp_path: Path) -> None:
    def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "edgeproof.train.zoo", *map(str, arguments)]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    options = ("--zoo", tmp_path / "zoo")
    done = command(run, *options, "--machine", "accelerator=one of 80 GiB")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{tmp_path / 'zoo' / 'mnist'}: ")
    assert "accelerator one of 80 GiB" in (tmp_path / "zoo/mnist/MODEL_CARD.md").read_text()
    refused = command(run, *options)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "--force" in refused.stderr


def test_only_whole_test_sets_count_for_the_card() -> None:
    def row(n: int | None, size: int | None, variant: str) -> dict[str, Any]:
        accuracy = {"value": 0.9, "low": 0.8, "high": 0.95, "n": n}
        cost = {"accuracy": accuracy if n else None, "accuracy_change_points": -0.1}
        return {"variant": variant, "runtime": "litert", "bytes": size, "cost": cost}

    rows = [row(100, None, "source"), row(100, 7, "a"), row(32, 7, "b"), row(None, 7, "c")]
    (only,) = figures_in({"rows": rows, "data": {"total": 100}})
    assert (only.variant, only.accuracy, only.n, only.change_points) == ("a", 0.9, 100, -0.1)
