"""CIFAR-10 as published: the binary batches, or the Python (pickle) batches.

Formats: https://www.cs.toronto.edu/~kriz/cifar.html
"""

import tarfile
import zlib
from pathlib import Path

import numpy as np

from edgeproof.train.data.download import fetch
from edgeproof.train.data.locate import data_folder, found_or_downloaded
from edgeproof.train.data.safe_pickle import UnsafePickle, load_arrays
from edgeproof.train.data.source import ArraySource
from edgeproof.train.errors import DataError, DownloadError

_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
_TRAIN = tuple(f"data_batch_{n}" for n in range(1, 6))
_TEST = "test_batch"
_LABELS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
_LAYOUT = "cifar-10-batches-bin/{data_batch_1..5,test_batch}.bin or cifar-10-batches-py/"
_PIXELS = 3 * 32 * 32
_RECORD_BYTES = 1 + _PIXELS
_LARGEST_BATCH_BYTES = 2**30


def cifar10_source(data: Path | None) -> ArraySource:
    """Training and test images, in this order.

    Raises:
        DataError: not found, or a file is not what its name says.
    """
    return found_or_downloaded(
        data_folder(data),
        names=("cifar-10-batches-bin", "cifar-10-batches-py", "cifar10"),
        look=_source_in,
        download=_download,
        layout=_LAYOUT,
    )


def read_binary_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images N x 32 x 32 x 3 uint8 and labels N int64 of a `.bin` batch.

    A record is a label byte, then the red, the green and the blue plane, row by row.

    Raises:
        DataError: not a whole number of records, or a label over 9.
    """
    content = np.fromfile(path, dtype=np.uint8)
    if content.size == 0 or content.size % _RECORD_BYTES:
        raise DataError(
            f"expected records of {_RECORD_BYTES:,} bytes in {path}, got {content.size:,} bytes; "
            "it is truncated or damaged, fetch it again"
        )
    records = content.reshape(-1, _RECORD_BYTES)
    return _checked(records[:, 1:], records[:, 0], path)


def read_python_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """As `read_binary_batch`, of a pickled batch. Nothing in the pickle is executed.

    Raises:
        DataError: not such a batch, or a pickle that wants more than arrays.
    """
    if path.stat().st_size > _LARGEST_BATCH_BYTES:
        raise DataError(f"expected {path} to be under 1 GiB, got {path.stat().st_size:,} bytes")
    try:
        batch = load_arrays(path.read_bytes())
    except UnsafePickle as error:
        raise DataError(f"{path} is not a CIFAR-10 batch: {error}") from error
    # Python 2 wrote these files, so the keys are bytes; copies made by Python 3 have strings
    named = {k.decode("latin-1") if isinstance(k, bytes) else k: v for k, v in batch.items()}
    pixels, labels = named.get("data"), named.get("labels")
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or labels is None:
        raise DataError(f"expected 'data' (bytes) and 'labels' in {path}, got {sorted(named)}")
    if pixels.ndim != 2 or pixels.shape[1] != _PIXELS or len(labels) != len(pixels):
        raise DataError(
            f"expected N x {_PIXELS} bytes and N labels in {path}, "
            f"got {pixels.shape} and {len(labels)}"
        )
    return _checked(pixels, np.asarray(labels), path)


def _checked(planes: np.ndarray, labels: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray]:
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 9:
        raise DataError(f"expected labels 0 to 9 in {path}, got others")
    images = planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), labels.astype(np.int64)


def _source_in(folder: Path) -> ArraySource | None:
    for suffix, read in ((".bin", read_binary_batch), ("", read_python_batch)):
        paths = [folder / f"{name}{suffix}" for name in (*_TRAIN, _TEST)]
        present = [path for path in paths if path.is_file()]
        if not present:
            continue
        for path in paths:
            if path not in present:
                raise DataError(f"expected {path.name} beside the other batches in {folder}")
        batches = [read(path) for path in paths]
        labels = np.concatenate([labels for _, labels in batches])
        return ArraySource(
            images=np.concatenate([images for images, _ in batches]),
            labels=labels,
            label_names=_LABELS,
            origin=str(folder),
            published_test=np.arange(len(labels) - len(batches[-1][1]), len(labels)),
        )
    return None


def _download(target: Path) -> None:
    archive = target.parent / "cifar-10-binary.tar.gz"
    fetch(_URL, archive, layout=_LAYOUT, md5=_MD5)
    wanted = {f"{name}.bin" for name in (*_TRAIN, _TEST)}
    target.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                # only known names, written by ourselves: no path of the archive is ever used
                name = Path(member.name).name
                content = tar.extractfile(member) if member.isfile() and name in wanted else None
                if content is not None:
                    (target / name).write_bytes(content.read())
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DownloadError(
            f"{archive} cannot be unpacked ({error}); delete it, try again"
        ) from error
    archive.unlink()
