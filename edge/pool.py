"""Things that one thread at a time may use: made when they are needed, never more than allowed."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar
from weakref import WeakSet

from edgeproof.edge.errors import UsageError

T = TypeVar("T")

_LOOK_AGAIN_S = 1.0


class Pool(Generic[T]):
    """Lends what `make` makes. Several threads may take and give at a time.

    A thing that was lost while it was lent (a thread that died, Ctrl-C between two lines) is made
    anew: what counts is how many there are, not how many were made.
    """

    def __init__(self, make: Callable[[], T], limit: int) -> None:
        self._make = make
        self._limit = limit
        self._idle: SimpleQueue[T] = SimpleQueue()
        self._there: WeakSet[T] = WeakSet()
        self._in_making = 0
        self._lock = threading.Lock()
        self._closed = False

    def take(self) -> T:
        """One that nobody else has until it is given back; waits while all of them are lent.

        Raises:
            UsageError: the pool was closed.
            Exception: whatever `make` raises; the next call tries again.
        """
        try:
            return self._idle.get_nowait()
        except Empty:
            pass
        while True:
            if self._may_make():
                return self._made()
            try:
                return self._idle.get(timeout=_LOOK_AGAIN_S)
            except Empty:
                continue

    def give(self, thing: T) -> None:
        """Give back what was taken."""
        if not self._closed:
            self._idle.put(thing)

    def close(self) -> None:
        """Let go of everything; what is lent goes when it is given back."""
        self._closed = True
        try:
            while True:
                self._idle.get_nowait()
        except Empty:
            return

    def _may_make(self) -> bool:
        with self._lock:
            if self._closed:
                raise UsageError("expected an open classifier, got one that was closed")
            if len(self._there) + self._in_making >= self._limit:
                return False
            self._in_making += 1
            return True

    def _made(self) -> T:
        try:
            thing = self._make()
            self._there.add(thing)
            return thing
        finally:
            with self._lock:
                self._in_making -= 1
