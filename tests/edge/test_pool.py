"""The pool lends a thing to one thread at a time, and never has more than allowed."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from edgeproof.edge.errors import UsageError
from edgeproof.edge.pool import Pool


class Thing:
    def __init__(self) -> None:
        self.lent = threading.Lock()


def test_one_thread_gets_the_same_one_again() -> None:
    pool = Pool(Thing, limit=4)
    first = pool.take()
    pool.give(first)
    assert pool.take() is first


def test_never_two_threads_at_a_time_and_never_too_many() -> None:
    made: list[Thing] = []
    together = threading.Barrier(4)

    def make() -> Thing:
        made.append(Thing())
        return made[-1]

    pool = Pool(make, limit=3)

    def use(_: int) -> None:
        together.wait()
        for _ in range(300):
            thing = pool.take()
            assert thing.lent.acquire(blocking=False), "two threads have it"
            thing.lent.release()
            pool.give(thing)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, range(4)))
    assert 1 <= len(made) <= 3


def test_who_waits_gets_what_is_given_back() -> None:
    pool = Pool(Thing, limit=1)
    first = pool.take()
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(pool.take)
        pool.give(first)
        assert waiting.result(timeout=10) is first


def test_what_was_lost_is_made_anew() -> None:
    pool = Pool(Thing, limit=1)
    lost = pool.take()
    del lost
    gc.collect()
    assert pool.take()


def test_a_failure_to_make_one_is_not_counted() -> None:
    attempts = iter([RuntimeError("no memory"), Thing()])

    def make() -> Thing:
        attempt = next(attempts)
        if isinstance(attempt, Exception):
            raise attempt
        return attempt

    pool = Pool(make, limit=1)
    with pytest.raises(RuntimeError, match="no memory"):
        pool.take()
    assert isinstance(pool.take(), Thing)


def test_a_closed_pool_lends_nothing() -> None:
    pool = Pool(Thing, limit=2)
    lent, idle = pool.take(), pool.take()
    pool.give(idle)
    pool.close()
    pool.give(lent)
    with pytest.raises(UsageError, match="expected an open classifier"):
        pool.take()


def test_closing_ends_the_wait_of_others() -> None:
    pool = Pool(Thing, limit=1)
    kept = pool.take()
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(pool.take)
        pool.close()
        with pytest.raises(UsageError, match="expected an open classifier"):
            waiting.result(timeout=10)
    assert kept
