"""Ctrl-C and SIGTERM: what a person, a service manager or `timeout` ends leaves a usable run."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_asked = threading.Event()


def interruption_asked() -> bool:
    """Whether a signal came since `interruptible` was entered.

    The exception alone may get lost: NumPy clears whatever is raised while it waits for an array
    of JAX.
    """
    return _asked.is_set()


@contextmanager
def interruptible(*, at_once: bool) -> Iterator[None]:
    """While entered, SIGINT and SIGTERM raise KeyboardInterrupt in the main thread.

    Args:
        at_once: False leaves it to the program to look at `interruption_asked`, unless the signal
            comes twice.
    """
    _asked.clear()
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers; whoever started this one answers for signals
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        again = _asked.is_set()
        _asked.set()
        if at_once or again:
            raise KeyboardInterrupt

    numbers = [signal.SIGINT, signal.SIGTERM]
    # a signal that whoever started this program wants ignored stays so: `nohup`, `command &`
    numbers = [n for n in numbers if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _asked.clear()
