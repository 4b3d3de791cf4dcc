"""Memory that all threads share."""

import threading
from types import TracebackType


class Budget:
    """So many bytes at a time; whoever asks for more than is left waits until others are done."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._changed = threading.Condition()

    def taken(self, amount: int) -> "Share":
        """Hold `amount` bytes, at most the limit, for the block."""
        return Share(self, amount)

    def take(self, amount: int) -> None:
        """Wait until so many bytes are left, and hold them."""
        with self._changed:
            while self._left < amount:
                self._changed.wait()
            self._left -= amount

    def give_back(self, amount: int) -> None:
        """Let others have what was taken."""
        with self._changed:
            self._left += amount
            self._changed.notify_all()


class Share:
    """A part of a budget, held for a block. No generator: those cost each picture 5 us."""

    def __init__(self, budget: Budget, amount: int) -> None:
        self._budget, self._amount = budget, amount

    def __enter__(self) -> None:
        self._budget.take(self._amount)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._budget.give_back(self._amount)
