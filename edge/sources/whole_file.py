"""Reading a file that somebody may still be writing: the whole of it, or not yet."""

import errno
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass

from edgeproof.edge.errors import ImageError
from edgeproof.edge.pictures.source import MAX_FILE_BYTES

# size and time of change: what tells two contents of the same path apart
Signature = tuple[int, int]


@dataclass(frozen=True)
class State:
    """What is known of a file when it is looked at.

    Attributes:
        signature: see there.
        being_written: whether a process has it open for writing; None where the kernel does not
            tell, for it belongs to another user or lies on a file system without leases.
    """

    signature: Signature
    being_written: bool | None


def whole_file(path: str, is_ready: Callable[[State], bool]) -> tuple[Signature, bytes] | None:
    """A regular file's signature and content, if it `is_ready` and did not change meanwhile.

    Raises:
        FileNotFoundError: it is gone.
        ImageError: it cannot be read, or is larger than `MAX_FILE_BYTES`.
    """
    try:
        # non-blocking: a named pipe with a picture's name must not hold up the stream
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ImageError(f"{path}: cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise ImageError(f"{path}: expected a file, got something else")
        if not is_ready(State(signature_of(before), _being_written(descriptor))):
            return None
        if before.st_size > MAX_FILE_BYTES:
            raise ImageError(
                f"{path}: expected at most {MAX_FILE_BYTES:,} bytes, got {before.st_size:,}"
            )
        try:
            content = file.read(MAX_FILE_BYTES)
        except OSError as error:
            raise ImageError(f"{path}: cannot be read: {error.strerror}") from error
        after = os.fstat(descriptor)
    if signature_of(after) != signature_of(before):
        return None
    return signature_of(after), content


def signature_of(status: os.stat_result) -> Signature:
    return status.st_size, status.st_mtime_ns


def _being_written(descriptor: int) -> bool | None:
    """Asks for a read lease, which Linux grants on files that nobody has open for writing."""
    if sys.platform != "linux":
        return None
    import fcntl
    import signal

    try:
        # a writer that comes in the next microseconds makes the kernel signal: not SIGIO, which
        # ends processes, but one that is ignored
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
