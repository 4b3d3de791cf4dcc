"""Running batches: here, or shared among workers where that pays."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from edgeproof.convert.verify.errors import RuntimeFailed, RuntimeKilled
from edgeproof.convert.verify.scaleout.batches import Answer, Batch, made_by
from edgeproof.convert.verify.scaleout.parcel import Parcel
from edgeproof.edge.errors import EdgeproofError

_CHECKED_EVERY_S = 5.0
# a worker's process takes 0.5 to 1 s to start and is in the way of other runtimes
WORTH_SHARING_S = 5.0
# from outside, that is: by a lack of memory, or by somebody who wanted the processor
MOST_KILLS = 3


class Here(Protocol):
    """What answers batches in this process or in one of its own: a session, or as much of one."""

    @property
    def version(self) -> str:
        """What it is, with its version."""

    def run(self, inputs: Any) -> Any:
        """Answer the content of a batch."""


class Workers(Protocol):
    """Processes that answer batches, behind the interface of `concurrent.futures`."""

    @property
    def name(self) -> str:
        """What they are, for messages."""

    @property
    def where(self) -> Literal["here", "on clusters"]:
        """As in `Runtime.shared`."""

    @property
    def always(self) -> bool:
        """Whether to use them however little there is to do."""

    @property
    def patience_s(self) -> float:
        """How long to wait for the next answer of any of them."""

    def share(self, parcel: Parcel) -> Any:
        """What `submit` takes for a parcel, which then travels to each worker once."""

    def submit(self, shared: Any, batch: Batch) -> "Future[Answer]":
        """Have a batch answered by some worker."""

    def window(self) -> int:
        """How many batches may be on their way at a time."""

    def check(self) -> None:
        """Raise RuntimeFailed where nobody is left who could answer."""

    def stop(self) -> None:
        """Give up whatever is not finished. From any thread."""


@dataclass(frozen=True)
class Elsewhere:
    """Where else a variant can run, and what makes the parcel that has to be sent there."""

    workers: Workers
    parcel: Callable[[], Parcel]


def evaluated(
    here: Here, batches: Iterator[Batch], total: int, elsewhere: Elsewhere | None
) -> Iterator[Answer]:
    """An answer for each batch, in any order: made here, or by workers if they are to be used
    `always` or the first batch shows that it takes long.

    Args:
        total: rows of all batches.
        elsewhere: None where nobody else can answer; else of the very versions that are here.

    Raises:
        RuntimeFailed: a worker failed, gave another batch's answer, or gave none.
    """
    if elsewhere is None:
        yield from _answered(here, batches)
        return
    if not elsewhere.workers.always:
        started = time.monotonic()
        for first in _answered(here, itertools.islice(batches, 1)):
            yield first
            took_s = time.monotonic() - started
            if took_s * (total - first.stop) / first.stop < WORTH_SHARING_S:
                yield from _answered(here, batches)
                return
    yield from _shared(batches, made_by(here.version), elsewhere)


def counted(
    answers: Iterable[Answer], total: int, told: Callable[[int, int], None]
) -> Iterator[Answer]:
    """The answers, after `told` how many rows of all have come."""
    done = 0
    for answer in answers:
        done += answer.stop - answer.start
        told(done, total)
        yield answer


def _answered(here: Here, batches: Iterator[Batch]) -> Iterator[Answer]:
    for batch in batches:
        yield Answer(batch.start, batch.stop, here.run(batch.content), "")


def _shared(batches: Iterator[Batch], maker: str, elsewhere: Elsewhere) -> Iterator[Answer]:
    workers = elsewhere.workers
    shared = workers.share(elsewhere.parcel())
    again: list[Batch] = []
    kills: Counter[int] = Counter()
    pending: dict[Future[Answer], Batch] = {}
    try:
        while True:
            while len(pending) < workers.window():
                batch = again.pop() if again else next(batches, None)
                if batch is None:
                    break
                pending[_submitted(workers, shared, batch)] = batch
            if not pending:
                return
            for future in _finished(pending, workers):
                batch = pending.pop(future)
                try:
                    answer = _result(future, batch, workers)
                except RuntimeKilled as error:
                    kills[batch.start] += 1
                    if kills[batch.start] == MOST_KILLS:
                        raise RuntimeFailed(
                            f"{_rows(batch)} were given up, because the process that ran them was "
                            f"ended {MOST_KILLS} times; the last time: {error}"
                        ) from error
                    again.append(batch)
                else:
                    yield _checked(answer, batch, maker)
    finally:
        for future in pending:
            future.cancel()


def _finished(pending: dict["Future[Answer]", Batch], workers: Workers) -> set["Future[Answer]"]:
    """Those that are done, at least one."""
    started = time.monotonic()
    while time.monotonic() - started < workers.patience_s:
        every_s = min(_CHECKED_EVERY_S, workers.patience_s)
        if finished := wait(pending, every_s, FIRST_COMPLETED).done:
            return finished
        workers.check()
    raise RuntimeFailed(
        f"expected an answer of {workers.name} within {workers.patience_s:.0f} s, got none; "
        f"{_rows(*pending.values())} are missing"
    )


def _submitted(workers: Workers, shared: Any, batch: Batch) -> "Future[Answer]":
    try:
        return workers.submit(shared, batch)
    except RuntimeError as error:  # concurrent.futures: the executor was shut down
        raise RuntimeFailed(f"stopped before {_rows(batch)} were run: {error}") from error


def _result(future: "Future[Answer]", batch: Batch, workers: Workers) -> Answer:
    try:
        return future.result()
    except RuntimeFailed:
        raise
    except EdgeproofError as error:  # what is refused there ran here
        raise RuntimeFailed(f"{_rows(batch)} were not answered: {error}") from error
    except CancelledError as error:
        workers.check()  # it knows more, where they are lost
        raise RuntimeFailed(f"{_rows(batch)} were given up before they were run") from error
    except Exception as error:  # whatever goes wrong on the way to a worker is a failed row
        words = f"{type(error).__name__}: {error}"
        raise RuntimeFailed(f"{_rows(batch)} were not answered: {words}") from error


def _checked(answer: Any, batch: Batch, maker: str) -> Answer:
    if not isinstance(answer, Answer) or (answer.start, answer.stop) != (batch.start, batch.stop):
        got = _rows(answer) if isinstance(answer, Answer) else repr(answer)[:60]
        raise RuntimeFailed(f"expected the answer for {_rows(batch)}, got {got}")
    if answer.made_by != maker:
        raise RuntimeFailed(
            f"expected answers of {maker} as on this machine, got one of {answer.made_by}; "
            "install the same versions on all workers"
        )
    return answer


def _rows(*ranges: Batch | Answer) -> str:
    return "rows " + ", ".join(f"{r.start:,} to {r.stop - 1:,}" for r in ranges)
