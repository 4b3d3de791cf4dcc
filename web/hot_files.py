"""Small files that every visitor asks for, kept in memory."""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

# above it a file is sent from the disk; the page, an engine and a small model all lie below
LARGEST_BYTES = 512 * 1024
# of all of them together; the one that was not asked for longest makes room
_TOTAL_BYTES = 64 * 2**20


@dataclass(frozen=True)
class HotFile:
    """A file's content, the ETag of these very bytes, and what tells it from its successor."""

    content: bytes
    etag: str
    stamp: tuple[int, int, int]


class HotFiles:
    """Contents of one server. Safe to use from several threads."""

    def __init__(self) -> None:
        self._files: OrderedDict[Path, HotFile] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, path: Path) -> HotFile | None:
        """The file as it lies on the disk now; None where it is too large.

        Raises:
            OSError: it cannot be read.
        """
        state = path.stat()
        if state.st_size > LARGEST_BYTES:
            return None
        stamp = state.st_ino, state.st_size, state.st_mtime_ns
        with self._lock:
            known = self._files.get(path)
            if known is not None and known.stamp == stamp:
                self._files.move_to_end(path)
                return known
        content = path.read_bytes()
        file = HotFile(content, hashlib.sha256(content).hexdigest()[:32], stamp)
        with self._lock:
            self._files[path] = file
            self._files.move_to_end(path)
            while sum(len(f.content) for f in self._files.values()) > _TOTAL_BYTES:
                self._files.popitem(last=False)
        return file
