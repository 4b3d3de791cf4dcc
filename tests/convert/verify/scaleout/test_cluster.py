"""A Dask cluster on this machine: the figures of one process, through deaths and refusals."""

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from distributed import LocalCluster

from edgeproof.convert.verify.cli import verify
from edgeproof.convert.verify.errors import RuntimeFailed, VerifyError
from edgeproof.convert.verify.runtimes.tflite import TfliteRunning
from edgeproof.convert.verify.scaleout import cluster as cluster_module
from edgeproof.convert.verify.scaleout import evaluate
from edgeproof.convert.verify.scaleout.batches import Batch, batches_of, in_order
from edgeproof.convert.verify.scaleout.cluster import ClusterWorkers
from edgeproof.convert.verify.scaleout.evaluate import Elsewhere, evaluated
from edgeproof.convert.verify.scaleout.parcel import packed
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.extras import MissingExtra

pytestmark = pytest.mark.xdist_group("scaleout")


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Two processes with a thread each, and nurses that replace them."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as started:
        yield started


@pytest.fixture
def workers(cluster: LocalCluster) -> Iterator[ClusterWorkers]:
    with ClusterWorkers(cluster.scheduler_address) as opened:
        yield opened


def test_a_cluster_gives_the_very_figures_of_one_process(
    alone: dict[str, Any], figures_by: Callable[[Any], dict[str, Any]], workers: ClusterWorkers
) -> None:
    assert figures_by(workers) == alone


@pytest.fixture
def scores(
    digits_bundle: Path, heldout: np.ndarray, small_batches: int
) -> Callable[[Any], np.ndarray]:
    """The scores of all held-out images by some workers, or by this process."""
    bundle = Bundle.open(digits_bundle)
    session = TfliteRunning(bundle, "litert").open("tflite-int8")

    def by(workers: Any) -> np.ndarray:
        elsewhere = workers and Elsewhere(workers, lambda: packed(bundle, "litert", "tflite-int8"))
        answers = evaluated(session, batches_of([heldout]), len(heldout), elsewhere)
        outputs = in_order(answers, len(heldout))
        return np.concatenate([array for output in outputs for array in output.values()])

    return by


def test_a_killed_worker_loses_and_doubles_nothing(
    cluster: LocalCluster,
    workers: ClusterWorkers,
    scores: Callable[[Any], np.ndarray],
    killing: Callable[..., Any],
    heldout: np.ndarray,
    small_batches: int,
) -> None:
    first = next(iter(cluster.workers.values()))
    faulty = killing(workers, lambda: first.pid)
    shared = scores(faulty)
    assert len(faulty.killed) == 1
    # Dask itself gives the lost batches to another worker
    assert faulty.submitted == list(range(0, len(heldout), small_batches))
    assert np.array_equal(shared, scores(None))


@pytest.fixture
def scheduler() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler in a process of its own, with one worker that nobody nurses."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    run = (sys.executable, "-m")
    options = ("--no-dashboard", "--nthreads", "1", "--no-nanny")
    commands = (
        [*run, "distributed.cli.dask_scheduler", "--port", address.rpartition(":")[2]],
        [*run, "distributed.cli.dask_worker", address, *options],
    )
    processes = [subprocess.Popen(c, stderr=subprocess.DEVNULL) for c in commands]
    yield address, processes[0]
    for process in processes:
        process.kill()
        process.wait()


def test_a_lost_scheduler_is_an_error_and_no_hole(
    scheduler: tuple[str, subprocess.Popen[bytes]],
    scores: Callable[[Any], np.ndarray],
    killing: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for limit in ("_CONNECT_S", "_FIRST_WORKER_S"):
        monkeypatch.setattr(cluster_module, limit, 60)  # they are just being started
    address, process = scheduler
    with ClusterWorkers(address) as workers:
        faulty = killing(workers, lambda: process.pid)
        with pytest.raises(RuntimeFailed, match=r"lost the Dask scheduler at tcp://127.0.0.1"):
            scores(faulty)
    assert faulty.killed == [process.pid]


def test_a_runtime_that_fails_says_on_which_worker(
    workers: ClusterWorkers, digits_bundle: Path, heldout: np.ndarray
) -> None:
    parcel = packed(Bundle.open(digits_bundle), "litert", "tflite-int8")
    batch = Batch(0, 4, [heldout[:4, :3]])
    with pytest.raises(RuntimeFailed, match=r"on the worker tcp://127.0.0.1:.*: litert cannot run"):
        workers.submit(workers.share(parcel), batch).result()


def test_a_worker_with_another_edgeproof_is_refused(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_installed", lambda: "99.0")
    with pytest.raises(VerifyError, match=r"expected edgeproof 99\.0 on the worker tcp.*, got 0"):
        ClusterWorkers(cluster.scheduler_address)


def test_a_worker_without_edgeproof_is_refused(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_DISTRIBUTION", "no-such-distribution")
    monkeypatch.setattr(cluster_module, "_installed", lambda: "0.1.0")
    with pytest.raises(VerifyError, match=r"on the worker tcp.*, as on this machine, got none"):
        ClusterWorkers(cluster.scheduler_address)


def test_nobody_answers_at_the_address(
    digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_CONNECT_S", 0.5)
    asked = ["verify", str(digits_bundle), "--runtimes", "litert", "--scheduler"]
    for address, message in (
        ("tcp://127.0.0.1:1", "expected a Dask scheduler at tcp://127.0.0.1:1, got no answer"),
        ("gopher://127.0.0.1", "expected a Dask scheduler at gopher://127.0.0.1, got no answer"),
    ):
        result = CliRunner().invoke(verify, [*asked[1:], address])
        assert isinstance(result.exception, VerifyError), result.output
        assert result.exception.exit_code == 1
        assert message in str(result.exception)


def test_dask_is_not_installed(digits_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n: None if n == "distributed" else found(n)
    )
    result = CliRunner().invoke(verify, [str(digits_bundle), "--scheduler", "tcp://127.0.0.1:1"])
    assert isinstance(result.exception, MissingExtra), result.output
    assert "pip install 'edgeproof[cluster]'" in str(result.exception)


def test_a_scheduler_without_workers(
    cluster: LocalCluster,
    workers: ClusterWorkers,
    scores: Callable[[Any], np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last test: the workers do not come back."""
    monkeypatch.setattr(cluster_module, "_WITHOUT_WORKERS_S", 0.2)
    monkeypatch.setattr(cluster_module, "_FIRST_WORKER_S", 0.2)
    monkeypatch.setattr(evaluate, "_CHECKED_EVERY_S", 0.1)
    cluster.scale(0)
    deadline = time.monotonic() + 20
    while cluster.scheduler.workers and time.monotonic() < deadline:
        time.sleep(0.05)
    with pytest.raises(RuntimeFailed, match=r"expected workers at tcp.*, got none for 0.2 s"):
        scores(workers)
    with pytest.raises(VerifyError, match=r"expected at least one worker at tcp.*, got none in"):
        ClusterWorkers(cluster.scheduler_address)
