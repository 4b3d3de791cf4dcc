"""A stream in threads: order, laziness, backpressure, and an end without loose threads."""

import itertools
import subprocess
import sys
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
    for taken in range(1, 60):
        assert next(results) == taken - 1
        assert len(read) <= taken + 4 * 2
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

    for result in map_in_order(lambda n: n, slow_source(), threads=250):
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

    results = map_in_order(work, itertools.count(), threads=2)
    assert next(results) == 0
    go_on.set()
    results.close()
    assert len(begun) <= 1 + 4 * 2


def test_a_single_core_starts_no_thread() -> None:
    callers = {threading.current_thread()}
    assert set(map_in_order(lambda _: threading.current_thread(), range(9), threads=1)) == callers


def test_a_stream_that_is_never_closed_does_not_hold_up_the_exit() -> None:
    program = """
from edgeproof.edge.in_order import map_in_order

results = map_in_order(lambda n: n * n, iter(int, 1), threads=3)
print(next(results))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


def test_ctrl_c_in_the_caller_s_own_share_is_not_kept_for_later() -> None:
    def work(number: int) -> int:
        if number == 1 and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        return number

    with pytest.raises(KeyboardInterrupt):
        list(map_in_order(work, range(3), threads=1))
