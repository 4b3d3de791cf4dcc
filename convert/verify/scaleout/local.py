"""Workers of this machine: threads, each of which drives a runtime's process of its own.

Threads and not a `ProcessPoolExecutor`: the process that computes is the runtime's own, which can
crash or hang alone. A pool breaks as a whole, without saying which batch did it, and cannot end a
batch that hangs.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Literal

from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.isolation import DEFAULT_TIMEOUTS, end_all
from edgeproof.convert.verify.scaleout.batches import MOST_ROWS, Answer, Batch
from edgeproof.convert.verify.scaleout.on_worker import answer_batch, end_idle
from edgeproof.convert.verify.scaleout.parcel import Parcel


class LocalWorkers:
    """As many processes for each shared runtime as there are jobs (`evaluate.py: Workers`)."""

    where: Literal["here", "on clusters"] = "here"
    always = False
    # each process has time limits of its own: this one ends only what nobody could foresee
    patience_s = 2 * (
        DEFAULT_TIMEOUTS.start_s + DEFAULT_TIMEOUTS.open_s + DEFAULT_TIMEOUTS.run(MOST_ROWS)
    )

    def __init__(self, jobs: int) -> None:
        self.name = f"{jobs} processes of this machine"
        self._jobs = jobs
        self._executor = ThreadPoolExecutor(jobs, thread_name_prefix="worker")
        self._stopped = threading.Event()

    def __enter__(self) -> "LocalWorkers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is not None:
            end_all()  # nobody waits for what they are in the middle of
        self._executor.shutdown()
        end_idle()

    def share(self, parcel: Parcel) -> Parcel:
        return parcel

    def submit(self, shared: Parcel, batch: Batch) -> "Future[Answer]":
        return self._executor.submit(self._answer, shared, batch)

    def window(self) -> int:
        return self._jobs + 1  # one is ready when a process has finished another

    def check(self) -> None:
        """Threads do not get lost."""

    def stop(self) -> None:
        # the executor's own way would cancel futures without waking who waits for them
        self._stopped.set()
        self._executor.shutdown(wait=False)

    def _answer(self, parcel: Parcel, batch: Batch) -> Answer:
        if self._stopped.is_set():
            raise RuntimeFailed("stopped")
        return answer_batch(parcel, batch)
