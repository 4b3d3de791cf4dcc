"""The search alone, on made-up rules of what holds."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from edgeproof.convert.rescue.search import smallest_set


class Counted:
    """Holds where one of the wanted sets is within; counts the different questions."""

    def __init__(self, *wanted: set[int]) -> None:
        self.wanted = wanted
        self.asked: set[frozenset[int]] = set()

    def __call__(self, kept: Sequence[int]) -> bool:
        self.asked.add(frozenset(kept))
        return any(w <= set(kept) for w in self.wanted)


@pytest.mark.parametrize("count", [2, 3, 7, 64])
def test_every_pair_is_found_exactly(count: int) -> None:
    for pair in itertools.combinations(range(count), 2):
        found = smallest_set(range(count), Counted(set(pair)))
        if count == 2:
            assert found is None  # all there are is no rescue
        else:
            assert found is not None
            assert sorted(found) == list(pair)


def test_random_rules_give_sets_of_which_nothing_can_be_left_out() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        count = int(rng.integers(2, 20))
        sets = [
            set(map(int, rng.permutation(count)[: rng.integers(1, count)]))
            for _ in range(rng.integers(1, 4))
        ]
        holds = Counted(*sets)

        found = smallest_set(list(range(count)), holds)

        assert found is not None
        assert holds(found)
        assert not any(holds([x for x in found if x != left]) for left in found)


def test_a_good_ranking_makes_few_tries() -> None:
    holds = Counted({0, 1, 2})
    assert smallest_set(range(200), holds) == [0, 1, 2]
    assert len(holds.asked) <= 8


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_nothing_short_of_all_holds(count: int) -> None:
    assert smallest_set(range(count), lambda kept: len(kept) == count) is None
