"""A stream in threads: order, laziness, backpressure, and an end without loose threads."""

import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from edgeproof.edge.in_order import map_in_order


def own_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("edgeproof")]


@pytest.fixture(autouse=True)
def no_threads_are_left() -> Iterator[None]:
    yield
    assert own_threads() == []


def test_order_is_kept_where_the_first_takes_longest() -> None:
    later_ones_are_done = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert later_ones_are_done.wait(10)
        if number == 3:
            later_ones_are_done.set()
        return number * number

    assert list(map_in_order(work, range(20), threads=2)) == [n * n for n in range(20)]


def test_several_are_worked_on_at_a_time() -> None:
    together = threading.Barrier(3)  # breaks after 10 s, should one of three never come
    results = map_in_order(lambda n: together.wait(10), range(6), threads=3)
    assert len(list(results)) == 6


def test_reading_is_lazy_and_bounded() -> None:
    read: list[int] = []

    def endless() -> Iterator[int]:
        for number in itertools.count():
            read.append(number)
            yield number

    results = map_in_order(lambda n: n, endless(), threads=2)
    assert read == []
    for taken in range(1, 30):
        assert next(results) == taken - 1
        assert len(read) <= taken + 2 * 2
    results.close()


def test_a_result_that_is_ready_does_not_wait_until_enough_was_begun() -> None:
    given: list[int] = []
    read: list[int] = []

    def slow_source() -> Iterator[int]:
        for number in range(1000):
            if given:
                return
            read.append(number)
            yield number
            time.sleep(0.001)

    for result in map_in_order(lambda n: n, slow_source(), threads=500):
        given.append(result)
    assert given == read
    assert len(read) < 1000


def test_an_error_comes_in_its_place_and_ends_the_stream() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise LookupError("third")
        return number

    results = map_in_order(work, range(10), threads=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(LookupError, match="third"):
        next(results)
    assert list(results) == []


def test_an_error_of_the_source_ends_the_stream() -> None:
    def source() -> Iterator[int]:
        yield 0
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        list(map_in_order(lambda n: n, source(), threads=2))


def test_what_was_not_begun_is_dropped_when_the_caller_stops() -> None:
    begun: list[int] = []
    go_on = threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number:
            assert go_on.wait(10)
        return number

    results = map_in_order(work, itertools.count(), threads=1)
    assert next(results) == 0
    go_on.set()
    results.close()
    assert len(begun) <= 3
