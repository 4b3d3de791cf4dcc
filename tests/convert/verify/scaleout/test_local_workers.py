"""Processes of this machine: the same figures as one process, also when one of them is killed."""

import dataclasses
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.verify import isolation
from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.runtimes.tflite import TfliteRunning
from edgeproof.convert.verify.scaleout import evaluate, local, on_worker
from edgeproof.convert.verify.scaleout.batches import Batch, batches_of, in_order
from edgeproof.convert.verify.scaleout.evaluate import Elsewhere, evaluated
from edgeproof.convert.verify.scaleout.local import LocalWorkers
from edgeproof.convert.verify.scaleout.on_worker import answer_batch, end_idle
from edgeproof.convert.verify.scaleout.parcel import Parcel, packed
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import BundleError

# with the tests of clusters, which need the same figures
pytestmark = pytest.mark.xdist_group("scaleout")


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runtimes whose processes were started for batches."""
    started: list[str] = []

    class Recorded(isolation.IsolatedRunning):
        def __init__(self, runtime: str, bundle: Bundle) -> None:
            started.append(runtime)
            super().__init__(runtime, bundle)

    monkeypatch.setattr(on_worker, "IsolatedRunning", Recorded)
    return started


def test_shared_batches_give_the_very_figures_of_one_process(
    alone: dict[str, Any],
    figures_by: Callable[[Any], dict[str, Any]],
    starts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evaluate, "WORTH_SHARING_S", 0.0)
    with LocalWorkers(2) as workers:
        assert figures_by(workers) == alone
    # a process keeps what it has loaded from batch to batch; one of Keras is on all cores already
    assert sorted(starts) == sorted(2 * ["litert", "litert-reference", "tflite-runtime"])
    assert not isolation._LIVE


def scores_of(outputs: dict[str, np.ndarray]) -> np.ndarray:
    (scores,) = outputs.values()
    return scores


@pytest.fixture
def parcel(digits_bundle: Path) -> Parcel:
    return packed(Bundle.open(digits_bundle), "litert", "tflite-int8")


def test_a_killed_process_loses_and_doubles_nothing(
    parcel: Parcel,
    heldout: np.ndarray,
    starts: list[str],
    killing: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    small_batches: int,
    digits_bundle: Path,
) -> None:
    def a_worker() -> int:
        while True:  # one has started when the sixth batch is handed out
            kept = [loaded for same in list(on_worker._idle.values()) for loaded in same]
            if kept:
                return kept[0]._running._process.pid
            time.sleep(0.001)

    def scores(workers: Any) -> np.ndarray:
        elsewhere = Elsewhere(workers, lambda: parcel)
        answers = evaluated(session, batches_of([heldout]), len(heldout), elsewhere)
        return np.concatenate([scores_of(a) for a in in_order(answers, len(heldout))])

    monkeypatch.setattr(evaluate, "WORTH_SHARING_S", 0.0)
    session = TfliteRunning(Bundle.open(digits_bundle), "litert").open("tflite-int8")
    with LocalWorkers(2) as workers:
        faulty = killing(workers, a_worker)
        shared = scores(faulty)
    assert len(faulty.killed) == 1
    assert starts == ["litert"] * 3
    batches = range(small_batches, len(heldout), small_batches)  # the first one was run here
    assert sorted(set(faulty.submitted)) == list(batches)
    assert len(faulty.submitted) == len(batches) + 1
    assert np.array_equal(shared, scores_of(session.run([heldout])))


def test_who_waits_for_a_batch_is_woken_when_the_workers_are_stopped(
    parcel: Parcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(local, "answer_batch", lambda *_: go_on.wait(20))
    with LocalWorkers(1) as workers:
        _, queued = (workers.submit(parcel, Batch(n, n + 1, [])) for n in range(2))
        workers.stop()
        go_on.set()
        # a future that is cancelled in a queue is never done for those who wait
        assert wait([queued], timeout=20).done == {queued}
        with pytest.raises(RuntimeFailed, match="stopped"):
            queued.result()


@pytest.mark.parametrize(("runtime", "at_once"), [("keras", 1), ("litert", 3)])
def test_what_is_on_all_cores_runs_once_in_a_worker(
    parcel: Parcel, monkeypatch: pytest.MonkeyPatch, runtime: str, at_once: int
) -> None:
    together = threading.Barrier(at_once)
    busy: list[int] = []
    most: list[int] = []

    class Fake:
        def __init__(self, parcel: Parcel) -> None:
            self.session = SimpleNamespace(run=self.run, version="fake 1")
            self.timer = None

        def run(self, content: int) -> None:
            busy.append(content)
            together.wait(20)
            most.append(len(busy))
            together.wait(20)
            busy.remove(content)

        def end(self) -> None:
            """Nothing to end."""

    monkeypatch.setattr(on_worker, "_Loaded", Fake)
    parcel = dataclasses.replace(parcel, runtime=runtime, digest=runtime)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(answer_batch, [parcel] * 3, [Batch(n, n + 1, n) for n in range(3)]))
    end_idle()
    assert most == [at_once] * 3


def test_an_altered_file_is_noticed_by_the_worker(parcel: Parcel, heldout: np.ndarray) -> None:
    manifest, (name, content) = parcel.files
    altered = content[:-1] + bytes([content[-1] ^ 1])
    files = (manifest, (name, altered))
    parcel = Parcel(parcel.runtime, parcel.variant, files, (), "altered")
    with pytest.raises(RuntimeFailed, match="was altered: expected SHA-256"):
        answer_batch(parcel, Batch(0, 4, [heldout[:4]]))
    assert not isolation._LIVE


def test_a_bundle_that_changed_meanwhile_is_not_packed(bundle_copy: Path) -> None:
    bundle = Bundle.open(bundle_copy)
    model = bundle_copy / "variants" / "tflite-int8" / "model.tflite"
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(BundleError, match="was altered"):
        packed(bundle, "litert", "tflite-int8")


def test_what_waits_too_long_for_a_batch_is_ended(
    parcel: Parcel, heldout: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_worker, "KEPT_S", 0.05)
    answer = answer_batch(parcel, Batch(0, 4, [heldout[:4]]))
    assert (answer.start, answer.stop) == (0, 4)
    deadline = time.monotonic() + 20
    while isolation._LIVE and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not isolation._LIVE


def test_a_wrong_batch_ends_its_process_alone(parcel: Parcel, heldout: np.ndarray) -> None:
    with pytest.raises(RuntimeFailed, match="litert cannot run"):
        answer_batch(parcel, Batch(0, 4, [heldout[:4, :3]]))
    assert len(scores_of(answer_batch(parcel, Batch(0, 4, [heldout[:4]])).content)) == 4
    end_idle()
    assert not isolation._LIVE
