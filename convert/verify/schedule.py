"""Runtimes side by side: answers first, as many runtimes at a time as asked for, then latencies.

A runtime keeps its process and its loaded code from the first to the second, so that figures of
latency are taken when nothing else of ours computes. It also keeps one thread of this process:
Playwright's objects may only be used where they were made.
"""

import dataclasses
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, cast

from edgeproof.convert.progress import Progress
from edgeproof.convert.verify.isolation import end_all
from edgeproof.convert.verify.layers import LayeredSession, Layers, layers_of
from edgeproof.convert.verify.measure import Measurement, Work, answers, latencies
from edgeproof.convert.verify.runtimes.protocol import Running
from edgeproof.convert.verify.runtimes.registry import SOURCE_VARIANT, Runtime
from edgeproof.convert.verify.scaleout.evaluate import Workers
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import EdgeproofError, RuntimeUnavailable

Starter = Callable[[str, Bundle], Running]


@dataclass(frozen=True)
class Job:
    """What one runtime has to do, variant by variant.

    `layered`: the variants to compare with the source model by layer; the `keras` runtime's alone.
    """

    runtime: Runtime
    work: tuple[Work, ...]
    layered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """What came of a job.

    Attributes:
        measurements: in the job's order, without the variants that were refused.
        refused: variants that the runtime cannot run, each with the reason.
        unavailable: why the runtime cannot run here at all.
        layers: of the job's `layered` variants, where the source model gave answers.
    """

    runtime: Runtime
    measurements: tuple[Measurement, ...]
    refused: tuple[tuple[str, str], ...] = ()
    unavailable: str | None = None
    layers: Layers | None = None


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def side_by_side(
    jobs: Sequence[Job],
    bundle: Bundle,
    start: Starter,
    at_once: int,
    progress: Progress,
    workers: Workers | None = None,
) -> list[Found]:
    """Do the jobs, `at_once` of them at a time; what they found, in their order.

    Whatever ends this early (Ctrl-C) ends every process that was started, and stops the workers.
    """
    lanes = [_Lane(job, bundle, start, progress) for job in jobs]
    try:
        # the longest first: what starts last should not be what everybody waits for
        waiting = sorted(lanes, key=lambda lane: lane.job.runtime.typical_s)
        busy: set[Future[None]] = set()
        while waiting or busy:
            while waiting and len(busy) < at_once:
                busy.add(waiting.pop().do(_Lane.answer))
            finished, busy = wait(busy, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
        for lane in lanes:
            lane.do(_Lane.time).result()
        for future in [lane.do(_Lane.close) for lane in lanes]:
            future.result()
    except BaseException:
        for lane in lanes:
            lane.stopped.set()
        if workers is not None:
            workers.stop()  # first, or they would begin anew what is ended now
        end_all()
        raise
    finally:
        for lane in lanes:
            lane.thread.shutdown(cancel_futures=True)
    return [lane.found for lane in lanes]


class _Lane:
    """One runtime from its start to its end, on a thread of its own."""

    def __init__(self, job: Job, bundle: Bundle, start: Starter, progress: Progress) -> None:
        self.job = job
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=job.runtime.name)
        self.stopped = threading.Event()
        self._bundle = bundle
        self._start = start
        self._progress = progress
        self._running: Running | None = None
        self._measured: dict[str, Measurement] = {}
        self._refused: dict[str, str] = {}
        self._unavailable: str | None = None
        self._layers: Layers | None = None

    def do(self, step: "Callable[[_Lane], None]") -> Future[Any]:
        return self.thread.submit(step, self)

    @property
    def found(self) -> Found:
        measurements = tuple(self._measured.values())
        refused = tuple(self._refused.items())
        return Found(self.job.runtime, measurements, refused, self._unavailable, self._layers)

    def answer(self) -> None:
        """All variants in turn; a runtime that dies is started again for the next one."""
        for position, work in enumerate(self.job.work):
            if self.stopped.is_set():
                return
            self._progress.step(f"{self.job.runtime.name}: {work.variant}")
            try:
                running = self._started()
            except RuntimeUnavailable as error:
                self._unavailable = str(error)
                return
            except EdgeproofError as error:
                # nor would it start for the others: each would wait for it as long
                for left in self.job.work[position:]:
                    self._measured[left.variant] = self._failed(left, error)
                return
            try:
                measured = answers(running, self.job.runtime.name, work, self._told(work))
            except RuntimeUnavailable as error:
                self._refused[work.variant] = str(error)
                continue
            except EdgeproofError as error:
                self.close()
                measured = self._failed(work, error)
            if self.job.runtime.emulated:
                measured = dataclasses.replace(measured, load_ms=None)
            self._measured[work.variant] = measured
        if self.job.layered and any(m.failure is None for m in self._measured.values()):
            self._progress.step(f"{self.job.runtime.name}: layer by layer")
            self._layers = layers_of(
                lambda: cast(LayeredSession, self._started().open(SOURCE_VARIANT)),
                self.close,
                self.job.layered,
                self.stopped.is_set,
            )

    def time(self) -> None:
        """Latencies of the variants that gave answers; an emulator's are nobody's."""
        if self.job.runtime.emulated:
            return
        for work in self.job.work:
            measured = self._measured.get(work.variant)
            if measured is not None and measured.failure is None and not self.stopped.is_set():
                self._measured[work.variant] = self._timed(measured, work)

    def close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.close()

    def _told(self, work: Work) -> Callable[[int, int], None]:
        text = f"{self.job.runtime.name}: {work.variant}, labelled images"
        return lambda done, total: self._progress.part(text, done, total)

    def _started(self) -> Running:
        if self._running is None:
            self._running = self._start(self.job.runtime.name, self._bundle)
        return self._running

    def _timed(self, measured: Measurement, work: Work) -> Measurement:
        try:
            times = latencies(self._started(), work)
        except EdgeproofError as error:
            self.close()
            return self._failed(work, error)
        return dataclasses.replace(measured, latencies_ms=times)

    def _failed(self, work: Work, error: EdgeproofError) -> Measurement:
        name = self.job.runtime.name
        if not self.stopped.is_set():
            self._progress.note(f"{work.variant} on {name} failed: {error}")
        return Measurement(work.variant, name, "", failure=str(error))
