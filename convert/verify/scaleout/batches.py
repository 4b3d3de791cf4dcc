"""A data set cut into batches, and their answers put together again: every row exactly once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from edgeproof.convert.verify.errors import RuntimeFailed

# a call costs a page of a browser 4 to 15 ms, and 256 MNIST images on wasm take 100 ms
MOST_ROWS = 256
# a message to a cluster should stay small; of 224 x 224 RGB images these are 55
MOST_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Batch:
    """The rows from `start` to before `stop`.

    `content` is what a session's `run` takes: one array for each of the model's inputs.
    """

    start: int
    stop: int
    content: Any


@dataclass(frozen=True)
class Answer:
    """What came of the batch with these rows; `made_by` is empty for what this process asked."""

    start: int
    stop: int
    content: Any
    made_by: str


def made_by(what: str) -> str:
    """How a worker signs its answers; `what` is what answers there, with its version."""
    return f"{what} in edgeproof {version('edgeproof')}"


def batches_of(arrays: Sequence[np.ndarray]) -> Iterator[Batch]:
    """Arrays of one length in batches of views. Their size depends on the arrays alone, so that
    a sum is made in the same order wherever a batch is run.
    """
    total = len(arrays[0])
    row_bytes = sum(array.nbytes for array in arrays) // max(total, 1)
    size = min(MOST_ROWS, max(1, MOST_BYTES // max(row_bytes, 1)))
    for start in range(0, total, size):
        stop = min(start + size, total)
        yield Batch(start, stop, [array[start:stop] for array in arrays])


def in_order(answers: Iterable[Answer], total: int) -> list[Any]:
    """The contents of the answers by their rows.

    Raises:
        RuntimeFailed: a row is missing, or was answered twice.
    """
    ordered = sorted(answers, key=lambda answer: answer.start)
    at = 0
    for answer in ordered:
        if answer.start != at or answer.stop <= at:
            raise RuntimeFailed(
                f"expected an answer for row {at:,} once, got "
                f"{'none' if answer.start > at else 'two'}; run it again"
            )
        at = answer.stop
    if at != total:
        raise RuntimeFailed(f"expected answers for {total:,} rows, got {at:,}; run it again")
    return [answer.content for answer in ordered]
