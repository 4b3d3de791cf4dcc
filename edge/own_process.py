"""Native code, run in a process of its own.

A wheel for another processor does not raise, it ends the process (SIGILL), and the doctor has to be
there afterwards.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_TIMEOUT_S = 600.0  # a golden check of a large float model on a Pi Zero 2 W takes minutes
_LAST_WORDS = 200


@dataclass(frozen=True)
class Answer:
    """What a Python process printed, a JSON object, or why it did not.

    Attributes:
        facts: the object; empty where it failed.
        failure: the last thing that it said, or how it ended; None where it did not fail.
        missing: a package was simply not there.
    """

    facts: dict[str, Any]
    failure: str | None = None
    missing: bool = False


Ask = Callable[[Sequence[str]], Answer]


def ask(arguments: Sequence[str], python: str = sys.executable) -> Answer:
    """Run Python with these arguments and read what it prints last."""
    try:
        done = subprocess.run(
            [python, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Answer({}, str(error)[:_LAST_WORDS])
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        meaning = "built for another processor" if name == "SIGILL" else "a crash"
        return Answer({}, f"ended by {name}, {meaning}")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        missing = lines[-1].startswith("ModuleNotFoundError")
        return Answer({}, lines[-1][:_LAST_WORDS], missing)
    try:
        return Answer(json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError):
        return Answer({}, f"an unexpected answer: {done.stdout[:_LAST_WORDS]!r}")
