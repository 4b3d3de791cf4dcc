"""Asks a process of its own for each picture, and survives what becomes of that process."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# for one picture, whatever it is
CPU_LIMIT_S = 2.0
MEMORY_LIMIT_BYTES = 200_000_000

CLASSIFIER = "tests.edge.corpus.classifying:classifier_of"


@dataclass(frozen=True)
class Answer:
    """What became of a picture; see `classifying.answer`. `talk` is what went to descriptor 2."""

    outcome: str
    text: str
    cpu_s: float
    peak_bytes: int
    descriptors: int
    talk: str = ""


@contextmanager
def supervised(argument: str | Path, maker: str = CLASSIFIER) -> "Iterator[Supervisor]":
    """A process that classifies; see `classifying` for the two arguments."""
    module = "tests.edge.corpus.classifying"
    with tempfile.TemporaryFile("w+") as talk:
        supervisor = Supervisor([sys.executable, "-m", module, maker, str(argument)], talk)
        try:
            yield supervisor
        finally:
            supervisor.end()


class Supervisor:
    """One child process; another one after a picture that ended it."""

    def __init__(self, command: list[str], talk: IO[str]) -> None:
        self._command = command
        self._talk = talk
        self._process: subprocess.Popen[str] | None = None

    def ask(self, path: Path) -> Answer:
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(str(path)) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            return Answer("died", f"exit code {self.end()}", 0, 0, 0, self._heard())
        return Answer(**json.loads(line), talk=self._heard())

    def end(self) -> int | None:
        """The exit code of the process, once it has none to read from any more."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.communicate()
        return process.returncode

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._talk,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        self._process = process
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", self._heard()
        self._heard()  # the runtime's greeting
        return process

    def _heard(self) -> str:
        """What the child wrote to descriptor 2 since this was asked last."""
        self._talk.seek(0)
        text = self._talk.read()
        self._talk.seek(0)
        self._talk.truncate()
        return text


def complaints(answer: Answer, path: Path) -> list[str]:
    """What is wrong with an answer, whatever the picture."""
    found = []
    if answer.outcome not in ("label", "error"):
        found.append(f"the process {answer.outcome}: {answer.text}")
    if answer.cpu_s > CPU_LIMIT_S:
        found.append(f"{answer.cpu_s:.1f} s of processor time")
    if answer.peak_bytes > MEMORY_LIMIT_BYTES:
        found.append(f"{answer.peak_bytes / 1e6:.0f} MB")
    if answer.talk:
        found.append(f"wrote to descriptor 2: {answer.talk[:200]}")
    if answer.outcome == "error":
        if not answer.text.startswith(f"{path}: "):
            found.append(f"an error that does not name its file: {answer.text}")
        if not answer.text.isprintable() or len(answer.text) > len(str(path)) + 500:
            found.append(f"not a line that can be printed: {answer.text!r}")
    return found
