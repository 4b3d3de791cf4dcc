"""Decoded pictures on disk: decoded once per input contract, read row by row ever after.

An entry is a folder in `$XDG_CACHE_HOME/edgeproof/decoded`, named by a hash of the contract, of
Pillow's version and of every file's path, size and time of change (the contents themselves would
take longer to read than to decode again). In it:

    images.bin   the images as they are, one behind the other, with holes where none was asked for
    rows.npz     which images are there, and the CRC-32 of each
    lock         held while images are added

Rows are read with `pread` and not through a memory map: pages of a map would count as memory, and a
map of a file on a full disk ends the process with SIGBUS.
"""

import fcntl
import hashlib
import json
import os
import weakref
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from edgeproof.edge.contract import InputContract
from edgeproof.edge.schema import to_json
from edgeproof.train.data.locate import user_cache

# of the format of an entry, and of what edge/image.py makes of a picture
_VERSION = 1


def entry_folder(files: Sequence[Path], contract: InputContract) -> Path:
    """Where the decoded images of these files lie, or would."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([_VERSION, PIL.__version__, to_json(contract)]).encode())
    for path in files:
        try:
            found = path.stat()
            state = (found.st_size, found.st_mtime_ns)
        except OSError:  # gone or a dead link: unreadable, which the decoder will say
            state = (0, 0)
        digest.update(f"{path}\0{state[0]}\0{state[1]}\n".encode(errors="surrogateescape"))
    return user_cache() / "decoded" / digest.hexdigest()


class ImageFile:
    """`images.bin` as N x height x width x channels: read from disk when it is indexed."""

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        rows = np.arange(len(self))[index]
        images = np.empty((*rows.shape, *self.shape[1:]), dtype=np.uint8)
        flat = images.reshape(-1, *self.shape[1:])
        size = int(np.prod(self.shape[1:]))
        for image, row in zip(flat, np.ravel(rows).tolist(), strict=True):
            if os.preadv(self._descriptor, [image], row * size) != size:
                raise OSError(f"expected {size} bytes of image {row}, got fewer")
        return images


class CacheEntry:
    """The images of one listing of files. Use inside `opened`."""

    def __init__(self, folder: Path, count: int, contract: InputContract) -> None:
        self.folder = folder
        self.shape = (count, *contract.image_shape)
        self._row_bytes = int(np.prod(contract.image_shape))
        self._there, self._crc = self._read_rows()
        self._descriptor = os.open(folder / "images.bin", os.O_RDWR | os.O_CREAT, 0o644)
        os.ftruncate(self._descriptor, count * self._row_bytes)

    def missing(self, rows: np.ndarray) -> np.ndarray:
        """Which of these rows are not there."""
        return rows[~self._there[rows]]

    def damaged(self, rows: np.ndarray) -> np.ndarray:
        """Which of these rows, all of them there, are not what was written; they are forgotten."""
        wrong = []
        for row in rows.tolist():
            content = os.pread(self._descriptor, self._row_bytes, row * self._row_bytes)
            if zlib.crc32(content) != self._crc[row]:
                wrong.append(row)
        self._there[wrong] = False
        return np.asarray(wrong, dtype=np.int64)

    def write(self, row: int, image: np.ndarray) -> None:
        """Put an image in.

        Raises:
            OSError: the disk is full.
        """
        content = np.ascontiguousarray(image).tobytes()
        done = os.pwrite(self._descriptor, content, row * self._row_bytes)
        if done != len(content):
            raise OSError(28, os.strerror(28))
        self._crc[row] = zlib.crc32(content)
        self._there[row] = True

    def save(self) -> None:
        """Make what was written known to the next reader, after it is on the disk."""
        os.fsync(self._descriptor)
        partial = self.folder / "rows.npz.partial"
        with partial.open("wb") as file:
            np.savez(file, there=self._there, crc=self._crc)
        partial.replace(self.folder / "rows.npz")

    def images(self) -> ImageFile:
        return ImageFile(self.folder / "images.bin", self.shape)

    def close(self) -> None:
        os.close(self._descriptor)

    def _read_rows(self) -> tuple[np.ndarray, np.ndarray]:
        count = self.shape[0]
        path = self.folder / "rows.npz"
        if path.is_file():
            try:
                with path.open("rb") as file, np.load(file, allow_pickle=False) as rows:
                    there, crc = rows["there"], rows["crc"]
                if (there.shape, crc.shape) == ((count,), (count,)):
                    return there.astype(bool), crc.astype(np.uint32)
            except (ValueError, KeyError, EOFError, zipfile.BadZipFile):
                path.unlink()  # damaged: as if nothing were there
        return np.zeros(count, dtype=bool), np.zeros(count, dtype=np.uint32)


@contextmanager
def opened(files: Sequence[Path], contract: InputContract) -> Iterator[CacheEntry]:
    """The entry for these files, locked against other processes that fill it.

    Raises:
        OSError: the cache cannot be written.
    """
    folder = entry_folder(files, contract)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(folder)  # used now: the oldest go first
        entry = CacheEntry(folder, len(files), contract)
        try:
            yield entry
        finally:
            entry.close()
