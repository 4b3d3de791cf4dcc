"""Sharing batches, with executors that are wrong in every way that one can be."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.verify.errors import RuntimeFailed, RuntimeKilled
from edgeproof.convert.verify.scaleout import evaluate
from edgeproof.convert.verify.scaleout.batches import Answer, Batch, batches_of, in_order, made_by
from edgeproof.convert.verify.scaleout.evaluate import Elsewhere, evaluated
from edgeproof.edge.errors import RuntimeUnavailable

ROWS = np.arange(2000)  # eight batches
Fault = Callable[[Batch], Any]


class Doubling:
    """A session of this process, and what a worker would do with a batch."""

    version = "doubling 1"

    def __init__(self) -> None:
        self.runs = 0

    def run(self, inputs: Any) -> Any:
        self.runs += 1
        return 2 * inputs[0]


def right(batch: Batch) -> Answer:
    return Answer(batch.start, batch.stop, 2 * batch.content[0], made_by("doubling 1"))


class FakeWorkers:
    """Answers what `fault` makes of a batch: a value, an exception, or None for never."""

    name, where, always, patience_s = "fakes", "here", True, 0.2

    def __init__(self, fault: Fault = right) -> None:
        self.fault = fault
        self.submitted: list[int] = []
        self.most = 0
        self.pending = 0

    def share(self, parcel: Any) -> str:
        return f"shared {parcel}"

    def submit(self, shared: Any, batch: Batch) -> Any:
        assert shared == "shared parcel"
        self.submitted.append(batch.start)
        self.pending += 1
        self.most = max(self.most, self.pending)
        future: Future[Answer] = Future()
        threading.Timer(0.001 * (len(self.submitted) % 3), self._finish, (future, batch)).start()
        return future

    def _finish(self, future: Any, batch: Batch) -> None:
        self.pending -= 1
        if future.cancelled() or not future.set_running_or_notify_cancel():
            return
        try:
            result = self.fault(batch)
        except BaseException as error:  # noqa: BLE001  as executors do
            future.set_exception(error)
            return
        if result is not None:
            future.set_result(result)

    def window(self) -> int:
        return 3

    def check(self) -> None:
        """All fakes are there."""

    def stop(self) -> None:
        """Nothing to stop."""


def shared(fault: Fault = right, workers: Any = None) -> np.ndarray:
    workers = workers or FakeWorkers(fault)
    elsewhere = Elsewhere(workers, lambda: "parcel")  # type: ignore[arg-type,return-value]
    answers = evaluated(Doubling(), batches_of([ROWS]), len(ROWS), elsewhere)
    return np.concatenate(in_order(answers, len(ROWS)))


def test_every_batch_is_answered_once_whatever_the_order() -> None:
    workers = FakeWorkers()
    assert np.array_equal(shared(workers=workers), 2 * ROWS)
    assert sorted(workers.submitted) == list(range(0, 2000, 256))
    assert workers.most <= 3


def other_batch(batch: Batch) -> Answer:
    return right(batch if batch.start != 512 else Batch(256, 512, [ROWS[256:512]]))


def never(batch: Batch) -> Answer | None:
    return right(batch) if batch.start != 512 else None


def raising(error: BaseException) -> Fault:
    def fault(batch: Batch) -> Answer:
        if batch.start == 512:
            raise error
        return right(batch)

    return fault


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (other_batch, "expected the answer for rows 512 to 767, got rows 256 to 511"),
        (lambda batch: "done", r"expected the answer for rows \d+ to \d+, got 'done'"),
        (never, "within 0 s, got none; rows 512 to 767.* are missing"),
        (raising(KeyError("x")), "rows 512 to 767 were not answered: KeyError: 'x'"),
        (raising(RuntimeFailed("the last words")), "the last words"),
        (raising(RuntimeUnavailable("no litert")), "rows 512 to 767 were not answered: no litert"),
    ],
)
def test_a_wrong_executor_is_caught(fault: Fault, message: str) -> None:
    with pytest.raises(RuntimeFailed, match=message):
        shared(fault)


def test_a_cancelled_batch_is_no_silent_hole() -> None:
    class Cancelling(FakeWorkers):
        def submit(self, shared: Any, batch: Batch) -> Any:
            if batch.start != 512:
                return super().submit(shared, batch)
            future: Future[Answer] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(RuntimeFailed, match="rows 512 to 767 were given up"):
        shared(workers=Cancelling())


def test_answers_of_another_version_are_refused() -> None:
    def newer(batch: Batch) -> Answer:
        return Answer(batch.start, batch.stop, batch.content[0], made_by("doubling 2"))

    with pytest.raises(RuntimeFailed, match=r"expected answers of doubling 1 in .* one of doub"):
        shared(newer)


def killed(times: int) -> Fault:
    left = [times]

    def fault(batch: Batch) -> Answer:
        if batch.start == 512 and left[0]:
            left[0] -= 1
            raise RuntimeKilled("crashed during 'run' (signal SIGKILL)")
        return right(batch)

    return fault


def test_a_batch_whose_worker_was_killed_runs_again() -> None:
    workers = FakeWorkers(killed(2))
    assert np.array_equal(shared(workers=workers), 2 * ROWS)
    assert workers.submitted.count(512) == 3
    assert len(workers.submitted) == 8 + 2


def test_a_batch_that_takes_its_worker_along_three_times_is_given_up() -> None:
    workers = FakeWorkers(killed(3))
    with pytest.raises(RuntimeFailed, match=r"ended 3 times; the last time: crashed .* SIGKILL"):
        shared(workers=workers)
    assert workers.submitted.count(512) == 3


def test_a_runtime_that_crashes_by_itself_is_not_tried_again() -> None:
    workers = FakeWorkers(raising(RuntimeFailed("crashed during 'run' (signal SIGSEGV)")))
    with pytest.raises(RuntimeFailed, match="SIGSEGV"):
        shared(workers=workers)
    assert workers.submitted.count(512) == 1


def test_nobody_left_is_noticed_before_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    class Deserted(FakeWorkers):
        patience_s = 60

        def check(self) -> None:
            raise RuntimeFailed("expected workers, got none")

    monkeypatch.setattr(evaluate, "_CHECKED_EVERY_S", 0.05)
    with pytest.raises(RuntimeFailed, match="expected workers, got none"):
        shared(workers=Deserted(never))


def test_after_the_end_nothing_is_submitted() -> None:
    class Ended(FakeWorkers):
        def submit(self, shared: Any, batch: Batch) -> Any:
            raise RuntimeError("cannot schedule new futures after shutdown")

    with pytest.raises(RuntimeFailed, match="stopped before rows 0 to 255 were run"):
        shared(workers=Ended())


@pytest.mark.parametrize(("worth_s", "here"), [(60.0, 8), (0.0, 1)])
def test_workers_that_are_not_always_used_are_used_where_it_pays(
    monkeypatch: pytest.MonkeyPatch, worth_s: float, here: int
) -> None:
    monkeypatch.setattr(evaluate, "WORTH_SHARING_S", worth_s)
    session, workers = Doubling(), FakeWorkers()
    workers.always = False
    elsewhere = Elsewhere(workers, lambda: "parcel")  # type: ignore[arg-type,return-value]
    answers = evaluated(session, batches_of([ROWS]), len(ROWS), elsewhere)
    assert np.array_equal(np.concatenate(in_order(answers, len(ROWS))), 2 * ROWS)
    assert session.runs == here
    assert len(workers.submitted) == 8 - here


def test_one_process_alone() -> None:
    session = Doubling()
    answers = evaluated(session, batches_of([ROWS]), len(ROWS), None)
    assert np.array_equal(np.concatenate(in_order(answers, len(ROWS))), 2 * ROWS)
    assert session.runs == 8
