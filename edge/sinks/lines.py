"""Lines on standard output or at the end of a file, each of them whole."""

import io
import os
import select
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from edgeproof.edge.errors import OutputError
from edgeproof.edge.sinks.result import Result


class Lines:
    """Results as lines. Unbuffered: what `write` returned from is written, whatever comes next.

    A disk that is full (or a device that fails) loses the lines of that time and no others. An
    endless run says so once, goes on, and says so again when it writes again; any other run ends.
    A file that was moved away or deleted, as log rotation does, is made anew.
    """

    def __init__(
        self,
        path: Path | None,
        line_of: Callable[[Result], str],
        *,
        header: str = "",
        endless: bool,
        say: Callable[[str], None],
    ) -> None:
        """Open the file, which is kept and appended to; None is standard output.

        Args:
            line_of: a result as text that ends its line; an empty one is not written.
            header: first line of a new file, and of standard output.

        Raises:
            OutputError: the file cannot be opened.
        """
        self._path = path
        self._line_of = line_of
        self._header = header
        self._endless = endless
        self._say = say
        self._lost = 0
        self._lost_now = 0
        self._opening = header
        self._file = self._open()

    def write(self, result: Result) -> None:
        line = self._line_of(result)
        if not line:
            return
        try:
            if self._path is not None and self._was_moved(self._path):
                before, self._file = self._file, self._open()
                before.close()
            self._append(self._opening + line)
        except BrokenPipeError:
            raise
        except (OSError, OutputError) as error:
            self._failed(error)
            return
        self._opening = ""
        if self._lost_now:
            self._say(f"{self._name}: writes again; {self._lost_now} lines were lost")
            self._lost_now = 0

    def close(self, patience_s: float) -> int:
        self._file.close()
        return self._lost

    @property
    def _name(self) -> str:
        return "standard output" if self._path is None else str(self._path)

    def _failed(self, error: OSError | OutputError) -> None:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        if not self._endless:
            message = f"expected room for results in {self._name}, got: {reason}"
            raise OutputError(message) from error
        self._lost += 1
        self._lost_now += 1
        if self._lost_now == 1:
            self._say(f"{self._name}: cannot be written: {reason}; goes on, and tries each line")

    def _open(self) -> io.FileIO:
        """The file, and what has to come before its next line in `_opening`."""
        self._opening = self._header
        if self._path is None:
            sys.stdout.flush()
            return io.FileIO(sys.stdout.fileno(), "wb", closefd=False)
        try:
            file = io.FileIO(self._path, "ab+")
        except OSError as error:
            message = f"expected a file to append to, got {self._path}: {error.strerror}"
            raise OutputError(message) from error
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_size > 0:
            # a power cut leaves half a line: it must not become the start of the next one
            whole = os.pread(file.fileno(), 1, status.st_size - 1) == b"\n"
            self._opening = "" if whole else "\n"
        return file

    def _was_moved(self, path: Path) -> bool:
        try:
            return not os.path.samestat(os.fstat(self._file.fileno()), os.stat(path))
        except FileNotFoundError:
            return True

    def _append(self, text: str) -> None:
        """All of it, or nothing of it where the file can be cut back."""
        number = self._file.fileno()
        status = os.fstat(number)
        # names and labels may hold halves of surrogate pairs, which UTF-8 cannot
        rest = memoryview(text.encode("utf-8", errors="backslashreplace"))
        try:
            while rest:
                written = self._file.write(rest)
                if written is None:  # somebody made this terminal or pipe non-blocking
                    select.select([], [number], [])
                else:
                    rest = rest[written:]
        except OSError:
            if stat.S_ISREG(status.st_mode):
                os.ftruncate(number, status.st_size)
                os.lseek(number, status.st_size, os.SEEK_SET)
            raise
