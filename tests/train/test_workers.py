"""Several processes train one model: to the weights of one process."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.errors import UsageError
from edgeproof.edge.main import main
from edgeproof.train.batches import AugmentedBatches, PlainBatches
from edgeproof.train.parts import TrainSet, ValidationSet
from edgeproof.train.recipe import Augmentation
from edgeproof.train.workers import Workers

_PROGRAM = Path(__file__).with_name("worker.py")
_COMMAND = "import sys; from edgeproof.edge.main import entrypoint; sys.exit(entrypoint())"


def _started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(_PROGRAM), *map(str, arguments)], stderr=subprocess.PIPE, text=True
    )


def _free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.jax
def test_two_processes_get_the_weights_of_one(tmp_path: Path) -> None:
    address = _free_address()
    processes = [
        _started(tmp_path / "first.npz", address, 0, 2),
        _started(tmp_path / "second.npz", address, 1, 2),
        _started(tmp_path / "alone.npz"),
    ]
    for process in processes:
        said = process.communicate(timeout=300)[1]
        assert process.returncode == 0, said
    first, second, alone = (
        np.load(tmp_path / f"{name}.npz") for name in ("first", "second", "alone")
    )
    np.testing.assert_array_equal(first["weights"], second["weights"])
    np.testing.assert_allclose(first["losses"], alone["losses"], rtol=1e-5)
    # float error, which eight steps of Adam enlarge: 2e-7 measured, and 0.014 with wrong shares
    np.testing.assert_allclose(first["weights"], alone["weights"], atol=1e-5)
    assert np.abs(first["wrong"] - alone["weights"]).max() > 1e-3


def _training(run: Path, *options: str) -> list[subprocess.Popen[str]]:
    """The command, of two workers."""
    address = _free_address()
    command = [sys.executable, "-c", _COMMAND, "train", "digits", "-o", str(run), "--epochs", "3"]
    command += ["--limit", "200", "--backend", "jax", "--workers", address, "--of", "2", *options]
    return [
        subprocess.Popen([*command, "--rank", rank], stderr=subprocess.PIPE, text=True)
        for rank in ("0", "1")
    ]


def _ended(workers: list[subprocess.Popen[str]], code: int) -> list[str]:
    said = [worker.communicate(timeout=300)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [code, code], said
    return said


@pytest.mark.jax
def test_a_signal_to_one_worker_stops_all_and_the_same_commands_go_on(tmp_path: Path) -> None:
    stopped, unbroken = tmp_path / "stopped", tmp_path / "unbroken"
    workers = _training(stopped)
    line = workers[0].stderr
    assert line is not None
    while not line.readline().startswith("epoch 1/3"):
        assert workers[0].poll() is None
    workers[1].send_signal(signal.SIGTERM)
    first, _ = _ended(workers, 130)
    # the signal comes before or after the others look for it
    found = re.search(r"interrupted after epoch ([12]) of 3; the same command goes on", first)
    assert found, first
    assert json.loads((stopped / "metrics.json").read_text())["interrupted"] is True

    for said in _ended(_training(stopped), 0):
        assert f"going on after epoch {found[1]}" in said
    # another training waits there; both workers forget it
    shutil.copytree(stopped, unbroken)
    waiting = tmp_path / "unbroken.unfinished"
    waiting.mkdir()
    (waiting / "epoch-00009.npz").write_bytes(b"of another training")
    for said in _ended(_training(unbroken, "--restart", "--force"), 0):
        assert "going on" not in said
        assert "left aside" not in said
    config = json.loads((unbroken / "config.json").read_text())
    assert config["workers"] == 2
    assert "--workers HOST:PORT --rank 0 --of 2" in config["command"]
    for one, other in zip(_weights(stopped), _weights(unbroken), strict=True):
        np.testing.assert_array_equal(one, other)


def _weights(run: Path) -> list[np.ndarray]:
    import keras

    return list(keras.models.load_model(run / "model.keras", compile=False).get_weights())


def test_shares_are_the_batches() -> None:
    labels = np.arange(103) % 10
    images = np.random.default_rng(0).integers(0, 256, (103, 8, 8, 1)).astype(np.uint8)
    train = TrainSet(images, labels, labels)
    augmentation = Augmentation(shift=1, noise=20, mixup=0.2)

    def batches(workers: Workers | None) -> AugmentedBatches:
        return AugmentedBatches(train, 10, augmentation, 32, 3, balance=True, workers=workers)

    alone, *workers = (batches(w) for w in (None, *(Workers("h:1", i, 2) for i in (0, 1))))
    assert len(alone) == len(workers[0]) == 4
    for index in range(3):
        for whole, *shares in zip(alone[index], *(w[index] for w in workers), strict=True):
            np.testing.assert_array_equal(whole, np.concatenate(shares))
    # 103 cannot be halved: seven are left for the last batch, and one of them is left out
    assert [len(w[3][0]) for w in workers] == [3, 3]

    validation = ValidationSet(images, labels, labels)
    halves = [PlainBatches(validation, 10, Workers("h:1", i, 2))[0][0] for i in (0, 1)]
    np.testing.assert_array_equal(np.concatenate(halves), images[:102])


@pytest.mark.jax
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "h:1", "--rank", "0"], "--workers HOST:PORT, --rank I and --of N together"),
        (["--workers", "h:1", "--rank", "2", "--of", "2"], "--rank from 0 to 1 with --of 2, got 2"),
        (["--workers", "h", "--rank", "0", "--of", "2"], "expected --workers HOST:PORT, got 'h'"),
        (["--workers", "h:1", "--rank", "0", "--of", "3"], "that 3 workers can share equally"),
    ],
)
def test_refusals_of_workers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    run = str(tmp_path / "run")
    assert main(["train", "digits", "-o", run, "--backend", "jax", *options]) == 2
    assert message in capsys.readouterr().err


def test_workers_are_of_jax(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--workers", "h:1", "--rank", "0", "--of", "2"]
    assert main(["train", "digits", "-o", str(tmp_path / "run"), *options]) == 2
    assert "expected --workers with --backend jax, got tensorflow" in capsys.readouterr().err
    with pytest.raises(UsageError, match="HOST:PORT"):
        Workers("host:port", 0, 1)
