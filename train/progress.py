"""Progress on stderr: a rich bar with the time left on a terminal, one plain line elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress

# off a terminal, quicker work than this is not worth a line
_WORTH_A_LINE_S = 1.0


def say(line: str) -> None:
    """One line of talk on stderr."""
    click.echo(line, err=True)


@contextmanager
def counting(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Count up to `total` of `unit` ("pictures", "bytes"); gives the function that counts."""
    if sys.stderr.isatty():
        with bar(unit) as progress:
            task = progress.add_task(what, total=total or None)
            yield lambda count: progress.update(task, advance=count)
        return
    start = time.perf_counter()
    yield lambda count: None
    taken = time.perf_counter() - start
    if taken > _WORTH_A_LINE_S:
        say(f"{what}: {total:,} {unit}, {taken:.0f} s")


def bar(unit: str) -> "Progress":
    """An unstarted progress bar with the time left, on stderr."""
    from rich import progress
    from rich.console import Console

    amount: tuple[progress.ProgressColumn, ...] = (progress.MofNCompleteColumn(),)
    if unit == "bytes":
        amount = (progress.DownloadColumn(), progress.TransferSpeedColumn())
    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        *amount,
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
    )
