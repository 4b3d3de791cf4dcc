"""The bytes of a picture: of a file, read whole and never more than it may have, or of a stream.

Whole, for Pillow maps uncompressed pictures into memory, and a file that shrinks meanwhile would
end the process (SIGBUS).
"""

import os
import stat
from pathlib import Path
from typing import IO

from edgeproof.edge.pictures.plain import Refused

# half of what decoding may take: a file with metadata is copied once, without it
MAX_FILE_BYTES = 60_000_000

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def bytes_of_file(path: str | Path) -> bytes:
    """A regular file's bytes. Nothing else is opened: a pipe would wait, a device may act.

    Raises:
        Refused: missing, no regular file, unreadable, or larger than `MAX_FILE_BYTES`.
    """
    try:
        _check_regular(os.stat(path))
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            _check_regular(status)
            return _bounded(file, status.st_size)
    except FileNotFoundError as error:
        raise Refused("expected a picture, got no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        reason = error.strerror if isinstance(error, OSError) else None
        raise Refused(f"cannot be read: {reason or error}") from error


def bytes_of_stream(stream: IO[bytes]) -> bytes:
    """All that a stream gives.

    Raises:
        Refused: it gives more than `MAX_FILE_BYTES`, or cannot be read.
    """
    try:
        return _bounded(stream, MAX_FILE_BYTES)
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror or error}") from error


def _bounded(file: IO[bytes], size: int) -> bytes:
    if size <= MAX_FILE_BYTES:
        content = file.read(size + 1)
        if len(content) <= MAX_FILE_BYTES:
            return content
    raise Refused(f"expected a file of at most {MAX_FILE_BYTES:,} bytes, got more")


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for test, name in _KINDS if test(status.st_mode)), "something else")
        raise Refused(f"expected a picture file, got {kind}")


def _without_waiting(path: str, flags: int) -> int:
    # should a pipe have taken the file's place; Windows has no such flag
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
