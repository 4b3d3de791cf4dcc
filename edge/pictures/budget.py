"""Memory that all threads share."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """So many bytes at a time; whoever asks for more than is left waits until others are done."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, amount: int) -> Iterator[None]:
        """Hold `amount` bytes, at most the limit, for the block."""
        with self._changed:
            self._changed.wait_for(lambda: self._left >= amount)
            self._left -= amount
        try:
            yield
        finally:
            with self._changed:
                self._left += amount
                self._changed.notify_all()
