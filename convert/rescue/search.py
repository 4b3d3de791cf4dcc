"""The smallest set of layers, by as few tries as the ranking allows. Knows nothing of models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
Holds = Callable[[Sequence[T]], bool]


def smallest_set(ranked: Sequence[T], holds: Holds[T]) -> list[T] | None:
    """A set that holds and from which nothing can be left out; None where none short of all does.

    The shortest prefix of the ranking that holds, found by doubling and bisection, then whatever
    in it is not needed taken out. Where a larger set never breaks what a smaller one holds, the
    result is minimal: each of its layers is needed. A smaller set of others may exist.

    Args:
        ranked: the most promising first. All of them are known to hold, and none not to.
    """
    found = _without_needless(_shortest_prefix(ranked, holds), holds)
    return found if len(found) < len(ranked) else None


def _shortest_prefix(ranked: Sequence[T], holds: Holds[T]) -> list[T]:
    broken, size = 0, min(1, len(ranked))
    while size < len(ranked) and not holds(ranked[:size]):
        broken, size = size, min(2 * size, len(ranked))
    while size - broken > 1:
        middle = (broken + size) // 2
        if holds(ranked[:middle]):
            size = middle
        else:
            broken = middle
    return list(ranked[:size])


def _without_needless(kept: list[T], holds: Holds[T]) -> list[T]:
    """In ever smaller pieces, from the least promising on (A. Zeller, delta debugging, 2002)."""
    piece = len(kept) // 2
    while piece:
        end = len(kept)
        while end > 0:
            start = max(0, end - piece)
            rest = kept[:start] + kept[end:]
            if rest and holds(rest):
                kept = rest
            end = start
        piece //= 2
    return kept
