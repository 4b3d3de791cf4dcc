"""An orderly end: SIGTERM and SIGINT as a wish that a loop asks about, and a limit on the time."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

# what flushing may take; with the loop's tick and the end of Python itself under a second
FLUSH_S = 0.4
_LIMIT_S = 0.8


class OutOfTime(BaseException):
    """Something did not return in time after a signal: a reader that reads nothing, a dead disk.

    A BaseException, since it is raised wherever the main thread happens to be.
    """


class Stop:
    """While entered, the first SIGTERM or SIGINT is noted, and the end has to come soon.

    The loop of an endless source asks for `signal` and ends by itself. Any other one may wait for
    something that never comes, standard input for one: KeyboardInterrupt is raised there at once.
    Either way OutOfTime is raised where the end takes too long.

    Attributes:
        signal: the signal that asked for the end; None while nobody did.
    """

    def __init__(self, *, endless: bool) -> None:
        self._endless = endless
        self.signal: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Stop":
        # only the main thread may; elsewhere whoever started the thread answers for signals
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._ask)
            self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._out_of_time)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.signal is None:
            self.signal = signal.Signals(number)
            signal.setitimer(signal.ITIMER_REAL, _LIMIT_S)
            if not self._endless:
                raise KeyboardInterrupt

    def _out_of_time(self, number: int, frame: FrameType | None) -> None:
        raise OutOfTime
