"""MNIST's files, whole and damaged."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeproof.train.data.mnist import mnist_source, read_idx
from edgeproof.train.errors import DataError

Arrays = dict[str, np.ndarray]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("below", ["", "mnist"])
def test_idx_files_are_found_in_the_folder_and_below(
    tmp_path: Path, write_mnist: Callable[..., Path], digit_arrays: Arrays, zipped: bool, below: str
) -> None:
    write_mnist(tmp_path / "data" / below, zipped=zipped)
    source = mnist_source(tmp_path / "data")
    assert source.published_test is not None
    np.testing.assert_array_equal(source.images[:100, ..., 0], digit_arrays["x_train"])
    np.testing.assert_array_equal(
        source.images[source.published_test][..., 0], digit_arrays["x_test"]
    )
    np.testing.assert_array_equal(source.labels[source.published_test], digit_arrays["y_test"])


def test_npz_gives_the_same_as_idx(
    tmp_path: Path, write_mnist: Callable[..., Path], digit_arrays: Arrays
) -> None:
    write_mnist(tmp_path / "idx")
    (tmp_path / "npz").mkdir()
    np.savez(tmp_path / "npz" / "mnist.npz", **digit_arrays)
    from_idx, from_npz = mnist_source(tmp_path / "idx"), mnist_source(tmp_path / "npz")
    np.testing.assert_array_equal(from_idx.images, from_npz.images)
    np.testing.assert_array_equal(from_idx.labels, from_npz.labels)


def test_npz_with_pickled_objects_is_refused(tmp_path: Path, digit_arrays: Arrays) -> None:
    digit_arrays["x_train"] = np.array([object()], dtype=object)
    np.savez(tmp_path / "mnist.npz", **digit_arrays)
    with pytest.raises(DataError, match="cannot be read so"):
        mnist_source(tmp_path)


def test_npz_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "mnist.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(DataError, match=r"expected Keras' mnist\.npz"):
        mnist_source(tmp_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b[:-1], "expected 112 bytes of data in .*, got 111"),
        (lambda b: b + b"!", "got 113"),
        (lambda b: b"GIF89a" + b[6:], "which begins otherwise"),
        (lambda b: b[:6], "expected a header of 16 bytes"),
        (lambda b: b"", "which begins otherwise"),
    ],
)
def test_damaged_idx(
    tmp_path: Path,
    idx_bytes: Callable[[np.ndarray], bytes],
    damage: Callable[[bytes], bytes],
    message: str,
) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(damage(idx_bytes(np.arange(112).reshape(2, 7, 8))))
    with pytest.raises(DataError, match=message):
        read_idx(path)


# the time in a gzip header would give the test another name in each process
@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"12345678" * 99, mtime=0)[:-20], b"no gzip at all"],
    ids=["cut", "no"],
)
def test_damaged_gzip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be unpacked"):
        read_idx(path)


def test_a_missing_file_is_named(tmp_path: Path, write_mnist: Callable[..., Path]) -> None:
    (write_mnist(tmp_path) / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match="expected t10k-labels-idx1-ubyte"):
        mnist_source(tmp_path)


def test_labels_out_of_range(
    tmp_path: Path, write_mnist: Callable[..., Path], digit_arrays: Arrays
) -> None:
    digit_arrays["y_train"][3] = 10
    write_mnist(tmp_path)
    with pytest.raises(DataError, match="expected labels 0 to 9"):
        mnist_source(tmp_path)


def test_other_counts_of_images_and_labels(
    tmp_path: Path, write_mnist: Callable[..., Path], digit_arrays: Arrays
) -> None:
    digit_arrays["y_test"] = digit_arrays["y_test"][:-1]
    write_mnist(tmp_path)
    with pytest.raises(DataError, match="40 images and 39 labels"):
        mnist_source(tmp_path)
