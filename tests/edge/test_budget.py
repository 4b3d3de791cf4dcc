"""Memory that threads share while they decode."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from edgeproof.edge.pictures.budget import Budget


def test_never_more_than_the_limit_is_held() -> None:
    budget, counting = Budget(10), threading.Lock()
    held, most = 0, 0

    def work(amount: int) -> None:
        nonlocal held, most
        with budget.taken(amount):
            with counting:
                held += amount
                most = max(most, held)
            with counting:
                held -= amount

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, [1 + i % 10 for i in range(2000)]))
    assert held == 0
    assert 0 < most <= 10


def test_what_a_failure_held_is_given_back() -> None:
    budget = Budget(10)
    with pytest.raises(ValueError, match="of the block"), budget.taken(10):
        raise ValueError("of the block")
    got = threading.Event()

    def again() -> None:
        with budget.taken(10):
            got.set()

    thread = threading.Thread(target=again, daemon=True)
    thread.start()
    assert got.wait(timeout=30)
    thread.join()
