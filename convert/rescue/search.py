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
        ranked: the most promising first; the empty set is known not to hold.
    """
    prefix = _shortest_prefix(ranked, holds)
    return None if prefix is None else _without_needless(prefix, holds)


def _shortest_prefix(ranked: Sequence[T], holds: Holds[T]) -> list[T] | None:
    longest = len(ranked) - 1
    broken, size = 0, min(1, longest)
    while size > broken and not holds(ranked[:size]):
        broken, size = size, min(2 * size, longest)
    if size == broken:
        return None
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
