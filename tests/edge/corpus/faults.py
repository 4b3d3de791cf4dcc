"""Classifiers that do what ours must not: the controls of the corpus' supervisor."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from edgeproof.edge.errors import ImageError


def faulty(fault: str) -> Callable[[str], str]:
    return globals()[fault]


def good(path: str) -> str:
    return Path(path).name


def raises(path: str) -> str:
    raise AttributeError(path)


def crashes(_: str) -> str:
    os.kill(os.getpid(), signal.SIGSEGV)
    return ""


def hangs(_: str) -> str:
    signal.setitimer(signal.ITIMER_PROF, 0.2)  # in place of the real limit, to be quick
    while True:
        pass


def slow(_: str) -> str:
    end = time.process_time() + 2.05
    while time.process_time() < end:
        pass
    return "label"


def hungry(_: str) -> str:
    return str(len(bytearray(b"\1") * 250_000_000))


def talks(_: str) -> str:
    os.write(2, b"TIFFFillStrip: Read error\n")
    return "label"


def nameless(_: str) -> str:
    raise ImageError("cannot be decoded")


def several_lines(path: str) -> str:
    raise ImageError(f"{path}: cannot\nbe decoded")
