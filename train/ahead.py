"""Batches made in a thread of their own while the model learns from the one before."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")

# one would do if making a batch always took less than a step; the second bridges a slow one
_AHEAD = 2


class Ahead(Generic[T]):
    """`make(0)`, `make(1)`, ... in this order; each is begun before it is asked for.

    Neither Keras nor TensorFlow does this for us: with op determinism, tf.data prefetches nothing
    of a Python generator, and Keras' `workers` cost a tenth of a second at each epoch's end. One
    thread: it is Python that takes the time in a small image's augmentation, and TensorFlow
    computes in threads of its own.

    Args:
        make: called in the thread; what it raises, `get` raises.
        count: how many there are.
    """

    def __init__(self, make: Callable[[int], T], count: int) -> None:
        self._make = make
        self._count = count
        self._thread = ThreadPoolExecutor(1, "batches")
        self._waiting: deque[tuple[int, Future[T]]] = deque()

    def forget(self) -> None:
        """What was begun is no longer wanted: `make` gives something else from now on."""
        for _, future in self._waiting:
            future.cancel()
        for _, future in self._waiting:
            if not future.cancelled():
                future.exception()  # until it has ended, it could see half of what changes
        self._waiting.clear()

    def get(self, index: int) -> T:
        """`make(index)`; quick where the one before was asked for last."""
        if not self._waiting or self._waiting[0][0] != index:
            self.forget()
            self._begin(index)
        _, future = self._waiting.popleft()
        last = self._waiting[-1][0] if self._waiting else index
        for following in range(last + 1, min(index + _AHEAD, self._count - 1) + 1):
            self._begin(following)
        return future.result()

    def _begin(self, index: int) -> None:
        self._waiting.append((index, self._thread.submit(self._make, index)))
