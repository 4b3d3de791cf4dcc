"""MNIST as published: four IDX files, gzip'ed or not, or Keras' `mnist.npz`."""

import gzip
import hashlib
import math
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from edgeproof.train.data.download import fetch
from edgeproof.train.data.locate import data_folder, found_or_downloaded
from edgeproof.train.data.source import ArraySource
from edgeproof.train.errors import DataError, DownloadError

_MIRROR = "https://storage.googleapis.com/cvdf-datasets/mnist/"
# MD5 of the uncompressed files: the gzip wrapping differs between mirrors, the content does not
_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
_LAYOUT = "mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz] or mnist.npz"
# 0x08: unsigned bytes, the only IDX type that MNIST uses
_IDX_UBYTE = 0x08
_LARGEST_IDX_BYTES = 2**30


def mnist_source(data: Path | None) -> ArraySource:
    """Training and test images, in this order.

    Raises:
        DataError: not found, or a file is not what its name says.
    """
    folder = data_folder(data)
    return found_or_downloaded(
        folder,
        names=("mnist", "MNIST", "MNIST/raw"),
        look=_source_in,
        download=_download,
        layout=_LAYOUT,
    )


def read_idx(path: Path) -> np.ndarray:
    """An IDX file of unsigned bytes, gzip'ed or not, as an array of its dimensions.

    Format: http://yann.lecun.com/exdb/mnist/ (two zero bytes, type, rank, big-endian sizes, data).

    Raises:
        DataError: not an IDX file, truncated, or longer than its header says.
    """
    content = _content(path)
    rank = content[3] if len(content) >= 4 else 0
    if content[:3] != bytes([0, 0, _IDX_UBYTE]) or not 1 <= rank <= 3:
        raise DataError(f"expected an IDX file of bytes, got {path}, which begins otherwise")
    header = 4 + 4 * rank
    if len(content) < header:
        raise DataError(f"expected a header of {header} bytes in {path}, got {len(content)} bytes")
    shape = struct.unpack(f">{rank}I", content[4:header])
    if len(content) - header != math.prod(shape):
        raise DataError(
            f"expected {math.prod(shape):,} bytes of data in {path}, "
            f"got {len(content) - header:,}; it is damaged, fetch it again"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)


def _content(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            content = file.read(_LARGEST_IDX_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be unpacked ({error}); fetch it again") from error
    if len(content) > _LARGEST_IDX_BYTES:
        raise DataError(f"expected {path} to unpack to under 1 GiB, got more")
    return content


def _source_in(folder: Path) -> ArraySource | None:
    npz = folder / "mnist.npz"
    if npz.is_file():
        return _source_from_npz(npz)
    files = {name: _idx_file(folder, name) for name in _MD5}
    if all(path is None for path in files.values()):
        return None
    missing = [name for name, path in files.items() if path is None]
    if missing:
        raise DataError(f"expected {missing[0]}[.gz] beside the other MNIST files in {folder}")
    arrays = [read_idx(path) for path in files.values() if path is not None]
    return _source(arrays[0], arrays[1], arrays[2], arrays[3], str(folder))


def _idx_file(folder: Path, name: str) -> Path | None:
    # some copies of the set write the dash before "idx" as a dot
    for spelling in (name, name.replace("-idx", ".idx")):
        for candidate in (folder / f"{spelling}.gz", folder / spelling):
            if candidate.is_file():
                return candidate
    return None


def _source_from_npz(path: Path) -> ArraySource:
    try:
        # opened here: NumPy leaves the file open when it is no archive
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            x_train, y_train = file["x_train"], file["y_train"]
            x_test, y_test = file["x_test"], file["y_test"]
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"expected Keras' mnist.npz with x_train, y_train, x_test, y_test, got {path}, "
            f"which cannot be read so: {error}"
        ) from error
    return _source(x_train, y_train, x_test, y_test, str(path))


def _source(
    x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, y_test: np.ndarray, origin: str
) -> ArraySource:
    for images, labels in ((x_train, y_train), (x_test, y_test)):
        if images.shape[1:] != (28, 28) or images.dtype != np.uint8:
            raise DataError(
                f"expected images of 28 x 28 bytes in {origin}, "
                f"got {images.shape[1:]} {images.dtype}"
            )
        if labels.shape != images.shape[:1]:
            raise DataError(
                f"expected a label for each image in {origin}, "
                f"got {len(images):,} images and {labels.size:,} labels"
            )
        if len(labels) == 0 or labels.min() < 0 or labels.max() > 9:
            raise DataError(f"expected labels 0 to 9 in {origin}, got none or others")
    return ArraySource(
        images=np.concatenate([x_train, x_test])[..., np.newaxis],
        labels=np.concatenate([y_train, y_test]).astype(np.int64),
        label_names=tuple("0123456789"),
        origin=origin,
        published_test=np.arange(len(x_train), len(x_train) + len(x_test)),
    )


def _download(target: Path) -> None:
    for name, md5 in _MD5.items():
        path = target / f"{name}.gz"
        fetch(f"{_MIRROR}{name}.gz", path, layout=_LAYOUT)
        found = hashlib.md5(_content(path), usedforsecurity=False).hexdigest()
        if found != md5:
            path.unlink()
            raise DownloadError(f"{name}: expected MD5 {md5}, got {found}; try again later")
