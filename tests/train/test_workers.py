"""Several processes train one model: to the weights of one process."""

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


def _started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(_PROGRAM), *map(str, arguments)], stderr=subprocess.PIPE, text=True
    )


@pytest.mark.jax
def test_two_processes_get_the_weights_of_one(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
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
