"""The bytes of a picture: of a file, read whole and never more than it may have, or of a stream.

Whole, for Pillow maps uncompressed pictures into memory, and a file that shrinks meanwhile would
end the process (SIGBUS).
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

from edgeproof.edge.pictures.plain import Refused

# half of what decoding may take: a file with metadata is copied once, without it
MAX_FILE_BYTES = 60_000_000

# without waiting, should a pipe have taken the file's place; Windows has no such flag, but another
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def bytes_of_file(path: str | Path, make_room: Callable[[int], None] | None = None) -> bytes:
    """A regular file's bytes. Nothing else is opened: a pipe would wait, a device may act.

    Args:
        make_room: called with the file's size before it is read; it may wait.

    Raises:
        Refused: missing, no regular file, unreadable, or larger than `MAX_FILE_BYTES`.
    """
    try:
        _check_regular(os.stat(path))
        # no file object: for a camera's JPEG those take as long as the system's calls, 11 us
        descriptor = os.open(path, _READ)
        try:
            status = os.fstat(descriptor)
            _check_regular(status)
            if make_room is not None:
                make_room(min(status.st_size, MAX_FILE_BYTES))
            return _bounded(lambda count: os.read(descriptor, count), status.st_size)
        finally:
            os.close(descriptor)
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
        return _bounded(stream.read, MAX_FILE_BYTES)
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror or error}") from error


def _bounded(read: Callable[[int], bytes], size: int) -> bytes:
    """What `read` gives, in as many pieces as it likes, but for one byte no more than `size`."""
    parts, left = [], size + 1 if size <= MAX_FILE_BYTES else 0
    while left > 0 and (part := read(left)):
        parts.append(part)
        left -= len(part)
    if size + 1 - left > MAX_FILE_BYTES:
        raise Refused(f"expected a file of at most {MAX_FILE_BYTES:,} bytes, got more")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for test, name in _KINDS if test(status.st_mode)), "something else")
        raise Refused(f"expected a picture file, got {kind}")
