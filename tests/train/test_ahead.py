"""Batches are begun before they are asked for, and none is ever another's."""

import threading

import pytest

from edgeproof.train.ahead import Ahead


def test_the_next_is_made_while_nobody_asks() -> None:
    made = {index: threading.Event() for index in range(4)}

    def make(index: int) -> int:
        made[index].set()
        return index * index

    ahead = Ahead(make, 4)
    assert ahead.get(0) == 0
    assert made[1].wait(10)
    assert made[2].wait(10)
    assert not made[3].is_set()
    assert [ahead.get(index) for index in (1, 2, 3)] == [1, 4, 9]
    # in any order, as Keras looks at the first ones before it begins
    assert [ahead.get(index) for index in (0, 1, 0, 3, 3, 2)] == [0, 1, 0, 9, 9, 4]


def test_what_was_begun_is_forgotten() -> None:
    epoch = 1
    ahead = Ahead(lambda index: (epoch, index), 3)
    assert ahead.get(0) == (1, 0)
    ahead.forget()
    epoch = 2
    assert [ahead.get(index) for index in range(3)] == [(2, 0), (2, 1), (2, 2)]


def test_an_error_is_raised_where_its_batch_is_asked_for() -> None:
    def make(index: int) -> int:
        if index == 1:
            raise OSError("expected 64 bytes of image 7, got fewer")
        return index

    ahead = Ahead(make, 3)
    assert ahead.get(0) == 0
    with pytest.raises(OSError, match="of image 7"):
        ahead.get(1)
    assert ahead.get(2) == 2
