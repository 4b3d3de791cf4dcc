"""A program: writes a checkpoint again and again and fails at every single call.

    python interrupted_write.py MODE WORK

It prints one JSON document: how many calls there were and every finding. It is a process of its
own, since it forks and patches. Modes:

    kill   SIGKILL before each changing call, and in the middle of each write
    full   the disk is full from each call on
"""

import contextlib
import errno
import io
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from edgeproof.train import checkpoint as module
from edgeproof.train.checkpoint import (
    Best,
    Checkpoint,
    checkpoints_in,
    read_checkpoint,
    write_checkpoint,
)
from edgeproof.train.history import EpochFigures

_CALLS = ("fsync", "replace", "unlink")


def state(epochs: int) -> Checkpoint:
    """A state that differs in every array from that of every other epoch."""
    values = [np.full((7, 5), epochs, dtype=np.float32), np.array(epochs)]
    figures = [EpochFigures(e + 1, 1.0, 0.5, 1.0, 0.5, 0.1, 2.0) for e in range(epochs)]
    return Checkpoint(values, values, Best(epochs, 1.0, values), tuple(figures))


class Power:
    """Counts what changes the disk, and fails at the n-th: `fail` decides how."""

    def __init__(self, n: int, fail: Callable[[], None], *, once: bool) -> None:
        self.n, self.fail, self.once, self.calls = n, fail, once, 0

    def step(self, half: Callable[[], Any] | None = None) -> None:
        self.calls += 1
        if self.calls == self.n or (self.calls > self.n and not self.once):
            if half is not None:
                half()
            self.fail()

    @contextlib.contextmanager
    def patched(self) -> Any:
        power, real_open = self, Path.open

        class File(io.FileIO):
            def write(self, content: Any) -> int:
                size = len(content) // 2
                power.step(lambda: super(File, self).write(bytes(content)[:size]))
                return super().write(content)

        def opened(path: Path, mode: str = "r", *rest: Any) -> Any:
            if mode != "wb":
                return real_open(path, mode, *rest)
            power.step()
            return File(path, "w")

        def counted(name: str) -> Callable[..., Any]:
            real = getattr(os, name)

            def call(*arguments: Any) -> Any:
                power.step()
                return real(*arguments)

            return call

        with (
            mock.patch.object(Path, "open", opened),
            mock.patch.multiple(module.os, **{name: counted(name) for name in _CALLS}),
        ):
            yield


def problems(folder: Path) -> list[str]:
    """What is wrong after a failed write of epoch 4 over epochs 2 and 3."""
    found = checkpoints_in(folder)
    if not found:
        return ["no checkpoint is left"]
    read, training = read_checkpoint(found[0])
    if read.epochs not in (3, 4) or training != {"recipe": "r"}:
        return [f"the newest is of epoch {read.epochs}, {training}"]
    if not all((value == read.epochs).all() for value in (*read.model, *read.best.weights)):
        return [f"values of epoch {read.epochs} are others"]
    return []


def attempt(mode: str, work: Path, n: int) -> tuple[bool, list[str]]:
    """Whether the n-th call was reached, and what was wrong then and after the next write."""
    shutil.rmtree(work, ignore_errors=True)
    for epochs in (2, 3):
        write_checkpoint(work, state(epochs), {"recipe": "r"})
    if mode == "kill":
        child = os.fork()
        if child == 0:
            with Power(n, lambda: os.kill(os.getpid(), signal.SIGKILL), once=True).patched():
                write_checkpoint(work, state(4), {"recipe": "r"})
            os._exit(0)
        failed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        findings = problems(work)
    else:

        def full() -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        power = Power(n, full, once=True)
        failed, findings = False, []
        try:
            with power.patched():
                write_checkpoint(work, state(4), {"recipe": "r"})
        except OSError:
            failed = True
        findings += problems(work)
        findings += [f"{path.name} is left" for path in work.glob(".*")]
    write_checkpoint(work, state(4), {"recipe": "r"})
    names = sorted(path.name for path in work.iterdir())
    if names != ["epoch-00003.npz", "epoch-00004.npz"]:
        findings.append(f"after the next write there are {names}")
    return failed, findings


def main() -> None:
    mode, work = sys.argv[1], Path(sys.argv[2])
    n, findings = 0, []
    failed = True
    while failed:
        n += 1
        failed, wrong = attempt(mode, work, n)
        findings += [f"call {n}: {text}" for text in wrong]
    print(json.dumps({"calls": n - 1, "findings": findings}))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
