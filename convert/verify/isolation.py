"""A runtime in a process of its own, so that its crash or hang is a sentence, not the end.

Nothing here falls back to anything: a call returns the runtime's answer or raises RuntimeFailed
with the process's last words.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

import numpy as np

from edgeproof.convert.verify.arm.boards import BOARDS
from edgeproof.convert.verify.arm.prepared import board_command
from edgeproof.convert.verify.errors import RuntimeFailed, RuntimeKilled
from edgeproof.convert.verify.layers import LayerCurve
from edgeproof.convert.verify.process_tree import descendants
from edgeproof.convert.verify.wire import receive, send
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import RuntimeUnavailable
from edgeproof.edge.manifest import TensorSpec

WORKER = (sys.executable, "-m", "edgeproof.convert.verify.worker")
_LAST_WORDS_BYTES = 4000


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for an answer before the runtime counts as hung, seconds."""

    start_s: float = 120.0  # TensorFlow's import or a browser's start on a busy 1-core machine
    open_s: float = 180.0
    run_s: float = 60.0
    per_image_s: float = 5.0  # MobileNet-sized models on WebGL without a GPU take about 1 s

    def run(self, images: int, seen_s: float | None = None) -> float:
        """The limit for so many images, of which one took up to `seen_s` so far."""
        slow_s = self.per_image_s if seen_s is None else min(self.per_image_s, SLOWER * seen_s)
        return self.run_s + images * slow_s


# than ever before, and a runtime counts as hung: large batches of small images need no long limit
SLOWER = 20
DEFAULT_TIMEOUTS = Timeouts()
# a MobileNet takes up to 5 s an image on an emulated board, and longer on a busy machine
EMULATED_TIMEOUTS = Timeouts(start_s=300.0, per_image_s=20.0)


def worker_command(runtime: str) -> tuple[str, ...]:
    """What starts a runtime's process: this Python, or that of an emulated board."""
    return board_command(BOARDS[runtime]) if runtime in BOARDS else WORKER


# every child that has not ended, for `end_all`
_LIVE: "set[IsolatedRunning]" = set()


def end_all() -> None:
    """End every runtime's process at once. Whoever waits for one gets RuntimeFailed."""
    for running in tuple(_LIVE):
        running.kill()


class IsolatedRunning:
    """A started runtime (`runtimes/protocol.py: Running`) in a child process."""

    def __init__(
        self,
        runtime: str,
        bundle: Bundle,
        *,
        timeouts: Timeouts | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        """Start the process; `timeouts` and `command` None: as the runtime needs them.

        Raises:
            RuntimeFailed: it did not start, or an emulated board's root is broken.
            RuntimeUnavailable: it cannot run here.
        """
        command = worker_command(runtime) if command is None else command
        usual = EMULATED_TIMEOUTS if runtime in BOARDS else DEFAULT_TIMEOUTS
        self.timeouts = usual if timeouts is None else timeouts
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()
        ours, theirs = socket.socketpair()
        source = bundle.manifest.provenance.source
        with theirs:
            self._process = subprocess.Popen(
                [*command, runtime, str(bundle.folder.absolute()), source, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._words,
                stderr=self._words,
                start_new_session=True,
            )
        self._pipe = Connection(ours.detach())
        _LIVE.add(self)
        try:
            self.ask("start", timeout_s=self.timeouts.start_s)
        except BaseException:
            self._kill()
            self._words.close()
            raise

    def __enter__(self) -> "IsolatedRunning":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) or error is None:
            self.close()
        else:  # interrupted: do not wait for a runtime that may be in the middle of something
            self._kill()
            self._words.close()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def open(self, variant_id: str) -> "IsolatedSession":
        version, load_ms = self.ask("open", variant_id, timeout_s=self.timeouts.open_s)
        return IsolatedSession(self, version, load_ms)

    def ask(self, method: str, *arguments: Any, timeout_s: float) -> Any:
        """Call a method of the child's session.

        Raises:
            RuntimeFailed: the call raised, the process died, or no answer came in time.
            RuntimeKilled: the process was ended by another one.
            RuntimeUnavailable: the runtime found out only now that it cannot run here.
        """
        started = time.monotonic()
        try:
            send(self._pipe, (method, arguments))
            if not self._pipe.poll(timeout_s):
                self._kill()
                raise RuntimeFailed(
                    f"hung: expected an answer to {method!r} within {timeout_s:.0f} s, got none "
                    f"in {time.monotonic() - started:.0f} s; last words: {self._last_words()}"
                )
            kind, value = receive(self._pipe)
        except (EOFError, OSError) as error:
            self._kill()
            by_another = self._process.returncode in (-signal.SIGKILL, -signal.SIGTERM)
            raise (RuntimeKilled if by_another else RuntimeFailed)(
                f"crashed during {method!r} ({_ending(self._process.returncode)}); "
                f"last words: {self._last_words()}"
            ) from error
        if kind == "unavailable":
            raise RuntimeUnavailable(_first_line(value))
        if kind == "failed":
            raise RuntimeFailed(_first_line(value))
        return value

    def close(self) -> None:
        """Let the runtime stop in its own way, and end the process in any case."""
        if self._process.poll() is None:
            with contextlib.suppress(RuntimeFailed):
                self.ask("stop", timeout_s=20)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
        self._kill()
        self._words.close()

    def kill(self) -> None:
        """End the process now, and all that it started, from any thread."""
        if self._process.poll() is None:
            below = descendants(self._process.pid)
            with contextlib.suppress(ProcessLookupError):  # it ended between the two
                os.killpg(self._process.pid, signal.SIGKILL)
            for pid in below:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _kill(self) -> None:
        self.kill()
        self._process.wait()
        _LIVE.discard(self)
        if not self._pipe.closed:
            self._pipe.close()

    def _last_words(self) -> str:
        size = self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, size - _LAST_WORDS_BYTES))
        lines = self._words.read().decode("utf-8", "replace").strip().splitlines()
        return " / ".join(line.strip() for line in lines[-3:]) or "none"


class IsolatedSession:
    """A variant in the child process (`runtimes/protocol.py: Session`)."""

    def __init__(self, running: IsolatedRunning, version: str, load_ms: float) -> None:
        self._running = running
        self._seen_s: float | None = None
        self.version = version
        self.load_ms = load_ms

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        images, started = len(inputs[0]), time.monotonic()
        timeout_s = self._running.timeouts.run(images, self._seen_s)
        outputs = self._running.ask("run", list(inputs), timeout_s=timeout_s)
        took_s = (time.monotonic() - started) / max(images, 1)
        self._seen_s = max(self._seen_s or 0.0, took_s)
        return outputs

    def run_file(self, path: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        return self._running.ask("run_file", path, timeout_s=self._running.timeouts.run(1))

    def latency_ms(self, inputs: Sequence[np.ndarray], n: int) -> list[float]:
        timeout_s = self._running.timeouts.run(n)
        first = [array[:1] for array in inputs]
        return self._running.ask("latency_ms", first, n, timeout_s=timeout_s)

    def tensors(self) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]] | None:
        return self._running.ask("tensors", timeout_s=self._running.timeouts.run_s)

    def gpu_calls(self) -> int | None:
        return self._running.ask("gpu_calls", timeout_s=self._running.timeouts.run_s)

    def layer_curve(self, variant_id: str, inputs: int, timeout_s: float) -> LayerCurve:
        return self._running.ask("layer_curve", variant_id, inputs, timeout_s=timeout_s)

    def close(self) -> None:
        self._running.ask("close", timeout_s=self._running.timeouts.run_s)


def _ending(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"signal {signal.Signals(-returncode).name}"
    return f"exit code {returncode}"


def _first_line(words: str) -> str:
    """A JavaScript error brings its stack along: the first line is what was said."""
    return words.strip().splitlines()[0] if words.strip() else "an error without words"
