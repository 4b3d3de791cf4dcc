"""What runs on a worker: a batch, by a runtime in a process of its own, which stays for the next.

A worker is a thread of this machine's verification, or of a process of a Dask cluster. A runtime is
not loaded into that: it could end it, and tflite-runtime does not live beside TensorFlow.
"""

import tempfile
import threading
from contextlib import nullcontext
from pathlib import Path

from edgeproof.convert.verify.isolation import IsolatedRunning
from edgeproof.convert.verify.runtimes.registry import RUNTIMES
from edgeproof.convert.verify.scaleout.batches import Answer, Batch, made_by
from edgeproof.convert.verify.scaleout.parcel import Parcel

# the next batch comes at once or, when a variant is done, never
KEPT_S = 30.0

# one process of these is enough for all threads of a worker: TensorFlow takes 0.7 GB and every core
_ON_ALL_CORES = {runtime.name for runtime in RUNTIMES if runtime.shared == "on clusters"}
_turn = threading.Lock()

_lock = threading.Lock()
_idle: "dict[str, list[_Loaded]]" = {}  # by the parcel's digest


def answer_batch(parcel: Parcel, batch: Batch) -> Answer:
    """Run a batch on the parcel's variant.

    Raises:
        RuntimeFailed: the runtime refused, crashed or hung.
        RuntimeKilled: its process was ended from outside.
        RuntimeUnavailable: it cannot run here.
        BundleError: the files are not those of the manifest.
    """
    with _turn if parcel.runtime in _ON_ALL_CORES else nullcontext():
        loaded = _taken(parcel.digest) or _Loaded(parcel)
        try:
            content = loaded.session.run(batch.content)
        except BaseException:
            loaded.end()
            raise
        _keep(parcel.digest, loaded)
    return Answer(batch.start, batch.stop, content, made_by(loaded.session.version))


def end_idle() -> None:
    """End every runtime that waits for a batch."""
    with _lock:
        waiting = [loaded for same in _idle.values() for loaded in same]
        _idle.clear()
    for loaded in waiting:
        loaded.end()


class _Loaded:
    """A runtime's process with a parcel's variant open in it."""

    def __init__(self, parcel: Parcel) -> None:
        # once the variant is open nothing is read from the folder any more
        with tempfile.TemporaryDirectory(prefix="edgeproof-") as folder:
            self._running = IsolatedRunning(parcel.runtime, parcel.unpack(Path(folder)))
            try:
                self.session = self._running.open(parcel.variant)
            except BaseException:
                self._running.close()
                raise
        self.timer: threading.Timer | None = None

    def end(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self._running.close()


def _taken(digest: str) -> _Loaded | None:
    with _lock:
        loaded = _idle[digest].pop() if _idle.get(digest) else None
        if loaded is not None and loaded.timer is not None:
            loaded.timer.cancel()
        return loaded


def _keep(digest: str, loaded: _Loaded) -> None:
    loaded.timer = threading.Timer(KEPT_S, _expire, (digest, loaded))
    loaded.timer.daemon = True
    with _lock:
        _idle.setdefault(digest, []).append(loaded)
        loaded.timer.start()


def _expire(digest: str, loaded: _Loaded) -> None:
    with _lock:
        if loaded not in _idle.get(digest, []):
            return  # taken for a batch in this very moment
        _idle[digest].remove(loaded)
    loaded.end()
