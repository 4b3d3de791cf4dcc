"""What a conversion says while it runs: a bar on a terminal, one plain line per step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

PART_EVERY_S = 10.0


class Progress(Protocol):
    """Where conversion reports to."""

    def step(self, text: str) -> None:
        """A new step begins."""

    def part(self, text: str, done: int, total: int) -> None:
        """So much of a long step is done."""

    def detail(self, text: str) -> None:
        """What a long step is at; it counts no step."""

    def note(self, text: str) -> None:
        """Something that the user should know and that is no error."""


class Silent:
    """For callers of the Python API."""

    def step(self, text: str) -> None:
        """Say nothing."""

    def part(self, text: str, done: int, total: int) -> None:
        """Say nothing."""

    def detail(self, text: str) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


class PlainLines:
    """One line per step, and every ten seconds of a long one, for files and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._said = time.monotonic()

    def step(self, text: str) -> None:
        self._said = time.monotonic()
        print(text, file=self._stream, flush=True)

    def part(self, text: str, done: int, total: int) -> None:
        if time.monotonic() - self._said > PART_EVERY_S:
            self.step(f"{text}: {done:,} of {total:,}")

    def detail(self, text: str) -> None:
        print(f"  {text}", file=self._stream, flush=True)

    def note(self, text: str) -> None:
        print(f"note: {text}", file=self._stream, flush=True)


@contextmanager
def shown_progress(stream: TextIO, steps: int) -> Iterator[Progress]:
    """Progress on `stream`: a bar of `steps` steps if it is a terminal, else plain lines."""
    if not stream.isatty():
        yield PlainLines(stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(file=stream)
    columns = (SpinnerColumn(), BarColumn(24), TextColumn("{task.description}"))
    with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        yield _BarProgress(bar, bar.add_task("", total=steps))


class _BarProgress:
    def __init__(self, bar: Any, task: Any) -> None:
        self._bar, self._task, self._done = bar, task, -1

    def step(self, text: str) -> None:
        self._done += 1
        self._bar.update(self._task, description=text, completed=self._done)

    def part(self, text: str, done: int, total: int) -> None:
        self._bar.update(self._task, description=f"{text}: {done:,} of {total:,}")

    def detail(self, text: str) -> None:
        self._bar.update(self._task, description=text)

    def note(self, text: str) -> None:
        self._bar.console.print(f"note: {text}", highlight=False, markup=False)
