"""Workers of a Dask cluster. Give only one that you trust: Dask runs what it is sent."""

import asyncio
import logging
import time
from concurrent.futures import Future
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from edgeproof.convert.verify.errors import RuntimeFailed, RuntimeKilled, VerifyError
from edgeproof.convert.verify.isolation import DEFAULT_TIMEOUTS
from edgeproof.convert.verify.scaleout.batches import MOST_ROWS, Answer, Batch
from edgeproof.convert.verify.scaleout.on_worker import answer_batch
from edgeproof.convert.verify.scaleout.parcel import Parcel
from edgeproof.edge.errors import EdgeproofError

if TYPE_CHECKING:
    import distributed

_DISTRIBUTION = "edgeproof"
_CONNECT_S = 10
_FIRST_WORKER_S = 30
# a worker that died takes its nanny some seconds to replace
_WITHOUT_WORKERS_S = 60
_COUNTED_EVERY_S = 5


class ClusterWorkers:
    """All workers of a scheduler, those that come later included (`evaluate.py: Workers`)."""

    where: Literal["here", "on clusters"] = "on clusters"
    always = True
    # a batch may wait for others, and be run anew when its worker is lost
    patience_s = 4 * (
        DEFAULT_TIMEOUTS.start_s + DEFAULT_TIMEOUTS.open_s + DEFAULT_TIMEOUTS.run(MOST_ROWS)
    )

    def __init__(self, address: str) -> None:
        """Connect to a scheduler (`tcp://host:port`).

        Raises:
            VerifyError: nobody answers there, it has no workers, or one has another edgeproof.
        """
        import dask
        import distributed

        # it tells of a lost scheduler in a traceback, `check` in a sentence
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        # batches and models are sent as they are needed; Dask would rather they lay there already
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GB"})
        try:
            self._client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, asyncio.TimeoutError) as error:
            raise VerifyError(
                f"expected a Dask scheduler at {address}, got no answer within {_CONNECT_S} s "
                f"({_first_line(error)}); start one: dask scheduler"
            ) from error
        self._address = address
        try:
            self._threads = self._first_workers()
            _check_versions(self._client)
        except BaseException:
            self._client.close()
            raise
        self._counted = time.monotonic()
        self._last_seen = self._counted
        self._executor = self._client.get_executor(pure=False)

    @property
    def name(self) -> str:
        return f"the cluster at {self._address}"

    def __enter__(self) -> "ClusterWorkers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._client.close()

    def share(self, parcel: Parcel) -> "distributed.Future":
        """As a task's result: lost with a worker it is made again, unlike what is scattered."""
        return self._client.submit(_unchanged, parcel, pure=False)

    def submit(self, shared: "distributed.Future", batch: Batch) -> "Future[Answer]":
        return self._executor.submit(_answer, shared, batch)

    def window(self) -> int:
        """Two for each thread: the next one is there when the first is done."""
        if time.monotonic() - self._counted > _COUNTED_EVERY_S:
            self.check()
        return 2 * max(self._threads, 1)

    def check(self) -> None:
        self._counted = time.monotonic()
        lost = f"lost the Dask scheduler at {self._address}; see whether it runs, and try again"
        if self._client.status != "running":
            raise RuntimeFailed(lost)
        try:
            self._threads = sum(self._client.nthreads().values())
        except (OSError, asyncio.TimeoutError) as error:
            raise RuntimeFailed(lost) from error
        if self._threads:
            self._last_seen = self._counted
        elif self._counted - self._last_seen > _WITHOUT_WORKERS_S:
            raise RuntimeFailed(
                f"expected workers at {self._address}, got none for {_WITHOUT_WORKERS_S} s"
            )

    def stop(self) -> None:
        self._executor.shutdown(wait=False)

    def _first_workers(self) -> int:
        try:
            self._client.wait_for_workers(1, timeout=_FIRST_WORKER_S)
        except (OSError, asyncio.TimeoutError) as error:
            raise VerifyError(
                f"expected at least one worker at {self._address}, got none in "
                f"{_FIRST_WORKER_S} s; start some: dask worker {self._address}"
            ) from error
        return sum(self._client.nthreads().values())


def _check_versions(client: "distributed.Client") -> None:
    # what makes the answers is compared answer by answer; without this a worker could not even
    # be asked
    ours = _installed()
    for worker, theirs in client.run(version, _DISTRIBUTION, on_error="return").items():
        if theirs != ours:
            got = "none" if isinstance(theirs, Exception) else theirs
            raise VerifyError(
                f"expected edgeproof {ours} on the worker {worker}, as on this machine, got {got}; "
                f"pip install 'edgeproof[cluster]=={ours}' there"
            )


def _answer(parcel: Parcel, batch: Batch) -> Answer:
    """`answer_batch`, whose errors say on which worker."""
    from distributed import get_worker

    try:
        return answer_batch(parcel, batch)
    except EdgeproofError as error:
        kind = RuntimeKilled if isinstance(error, RuntimeKilled) else RuntimeFailed
        raise kind(f"on the worker {get_worker().address}: {error}") from error


def _installed() -> str:
    return version(_DISTRIBUTION)


def _unchanged(parcel: Parcel) -> Parcel:
    return parcel


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
