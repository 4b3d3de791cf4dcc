"""Variants tried on this board in a process of their own: a kernel that crashes or hangs says
something about the variant and does not end the program, and what was only tried leaves no memory.

Run as a module this is that process. It reads a request a line and writes an answer a line: JSON.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, cast

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import EdgeproofError
from edgeproof.edge.runtime import RuntimeName

# for one request: the golden check of a MobileNet takes about 1 s on a Pi 4
_LIMIT_S = 60.0

# timing: the median of some runs after one that is not counted, in a tenth of a second
_FEWEST_RUNS, _MOST_RUNS = 3, 15
_BUDGET_S = 0.1
# a variant whose first run takes so many times as long as the fastest one's is not timed further
_HOPELESS = 2.5


class TrialFailed(EdgeproofError):
    """A variant's process refused it, crashed or hung; the message says how."""


class Trial:
    """The process, seen from outside: started when it is asked, and again after it crashed.

    A context; the process ends with it.
    """

    def __init__(self, bundle: Bundle, *, runtime: RuntimeName, threads: int) -> None:
        self._common = {"bundle": str(bundle.folder), "runtime": runtime, "threads": threads}
        self._process: subprocess.Popen[str] | None = None

    def time_ms(self, variant: str, fastest_ms: float) -> float:
        """How long an inference takes, milliseconds.

        Args:
            fastest_ms: of the variants before, infinity for the first; much slower ones are timed
                by one run.

        Raises:
            TrialFailed: the variant does not run.
        """
        return float(self._ask("time", variant, fastest_ms=fastest_ms))

    def failure(self, variant: str, most: int) -> str | None:
        """Why the golden check did not pass on `most` inputs and files; None where it did.

        Raises:
            TrialFailed: the variant does not run.
        """
        return cast("str | None", self._ask("check", variant, most=most))

    def __enter__(self) -> "Trial":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            _end(self._process)

    def _ask(self, what: str, variant: str, **details: Any) -> Any:
        process = self._process = self._process or _start()
        request = {**self._common, "what": what, "variant": variant, **details}
        overdue = threading.Timer(_LIMIT_S, process.kill)
        overdue.start()
        try:
            line = _exchange(process, json.dumps(request) + "\n")
        finally:
            in_time = not overdue.finished.is_set()
            overdue.cancel()
        if not line.endswith("\n"):
            self._process = None
            code = _end(process)
            raise TrialFailed(
                f"its process ended with {code}" if in_time else f"no answer in {_LIMIT_S:.0f} s"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise TrialFailed(answer["error"])
        return answer["answer"]


def _start() -> "subprocess.Popen[str]":
    # the same packages as here, whatever made this process find them
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    return subprocess.Popen(
        [sys.executable, "-m", "edgeproof.edge.choice_trial"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # LiteRT's talk
        env=environment,
        text=True,
    )


def _exchange(process: "subprocess.Popen[str]", request: str) -> str:
    """One line of answer; less than a line where the process ends meanwhile."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(request)
        process.stdin.flush()
        return process.stdout.readline()
    except BrokenPipeError:
        return ""


def _end(process: "subprocess.Popen[str]") -> int:
    """Kill it unless it has ended by itself, and return its code."""
    process.kill()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        try:
            stream.close()
        except BrokenPipeError:  # what was still to be written has no reader
            continue
    return process.wait()


def _time(bundle: Bundle, variant: str, options: dict[str, Any], fastest_ms: float) -> float:
    import numpy as np

    from edgeproof.edge.runtime import TfliteModel

    model = TfliteModel(bundle.read(bundle.variant(variant).entry_file), **options)
    zeros = [np.zeros([n or 1 for n in spec.shape], spec.dtype) for spec in model.inputs]

    def run_ms() -> float:
        started = time.perf_counter()
        model.invoke(zeros)
        return (time.perf_counter() - started) * 1e3

    first = run_ms()
    if first > _HOPELESS * fastest_ms:
        return first
    runs = [run_ms() for _ in range(_FEWEST_RUNS)]
    while len(runs) < _MOST_RUNS and sum(runs) < _BUDGET_S * 1e3:
        runs.append(run_ms())
    return sorted(runs)[len(runs) // 2]


def _check(bundle: Bundle, variant: str, options: dict[str, Any], most: int) -> str | None:
    from edgeproof.edge.golden_check import golden_check

    return golden_check(bundle, variant, most=most, **options).failure


_ACTIONS: dict[str, Callable[..., Any]] = {"time": _time, "check": _check}


def _answer(
    what: str, bundle: str, variant: str, runtime: str, threads: int, **details: Any
) -> Any:
    options = {"runtime": runtime, "threads": threads}
    return _ACTIONS[what](Bundle.open(bundle), variant, options, **details)


def _serve() -> None:
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a native library may print
        for line in sys.stdin:
            try:
                answer = {"answer": _answer(**json.loads(line))}
            except EdgeproofError as error:
                answer = {"error": str(error)}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


if __name__ == "__main__":
    _serve()
