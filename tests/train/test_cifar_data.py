"""CIFAR-10's batches, binary and pickled, whole, damaged and hostile."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.train.data.cifar import cifar10_source, read_binary_batch, read_python_batch
from edgeproof.train.errors import DataError

Batches = dict[str, tuple[np.ndarray, np.ndarray]]


def test_planes_become_pixels(cifar_binary: Path, cifar_batches: Batches) -> None:
    images, labels = read_binary_batch(cifar_binary / "data_batch_2.bin")
    planes, expected_labels = cifar_batches["data_batch_2"]
    # byte 1024 c + 32 y + x of a record is channel c of row y and column x
    assert images[3, 5, 7, 2] == planes[3, 2 * 1024 + 5 * 32 + 7]
    np.testing.assert_array_equal(labels, expected_labels)


@pytest.mark.parametrize("given", ["", "cifar-10-batches-bin"])
def test_the_test_batch_is_the_test_set(
    cifar_binary: Path, cifar_batches: Batches, given: str
) -> None:
    source = cifar10_source(cifar_binary.parent / given)
    assert source.images.shape == (120, 32, 32, 3)
    np.testing.assert_array_equal(source.published_test, np.arange(100, 120))
    first = cifar_batches["test_batch"][0][0].reshape(3, 32, 32).transpose(1, 2, 0)
    np.testing.assert_array_equal(source.images[100], first)


def test_python_batches_give_the_same_as_binary(cifar_binary: Path, cifar_python: Path) -> None:
    from_binary, from_python = cifar10_source(cifar_binary), cifar10_source(cifar_python)
    np.testing.assert_array_equal(from_binary.images, from_python.images)
    np.testing.assert_array_equal(from_binary.labels, from_python.labels)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("text_keys", [True, False])
def test_every_pickle_protocol(tmp_path: Path, protocol: int, text_keys: bool) -> None:
    planes = np.arange(2 * 3072, dtype=np.uint64).reshape(2, 3072).astype(np.uint8)
    batch: dict[Any, Any] = {b"data": planes, b"labels": [4, 9]}
    if text_keys:
        batch = {key.decode(): value for key, value in batch.items()}
    (tmp_path / "batch").write_bytes(pickle.dumps(batch, protocol=protocol))
    images, labels = read_python_batch(tmp_path / "batch")
    np.testing.assert_array_equal(images[1, 0, :, 0], planes[1, :32])
    assert labels.tolist() == [4, 9]


class _RunsACommand:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        import os

        return os.system, (f"touch {self.target}",)


class _RunsPython:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return exec, (f"import pathlib; pathlib.Path({str(self.target)!r}).touch()",)


@pytest.mark.parametrize("attack", [_RunsACommand, _RunsPython])
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_hostile_pickle_runs_nothing(tmp_path: Path, attack: Any, protocol: int) -> None:
    touched = tmp_path / "touched"
    hostile = pickle.dumps({b"data": attack(touched)}, protocol=protocol)
    (tmp_path / "batch").write_bytes(hostile)
    with pytest.raises(DataError, match=r"it asks for .*, which no published batch does"):
        read_python_batch(tmp_path / "batch")
    assert not touched.exists()
    # the control: an ordinary unpickler would have run it
    pickle.loads(hostile)
    assert touched.exists()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], "expected a dictionary, got list"),
        ({b"data": np.zeros((2, 3072), dtype=np.uint8)}, "expected 'data' .bytes. and 'labels'"),
        ({b"data": np.zeros((2, 9), dtype=np.uint8), b"labels": [1, 2]}, "expected N x 3072"),
        ({b"data": np.zeros((2, 3072)), b"labels": [1, 2]}, "expected 'data' .bytes."),
        ({b"data": np.zeros((1, 3072), dtype=np.uint8), b"labels": [10]}, "labels 0 to 9"),
        ({b"data": np.array([{}], dtype=object), b"labels": [1]}, "an array of object"),
    ],
)
def test_other_pickles(tmp_path: Path, value: Any, message: str) -> None:
    (tmp_path / "batch").write_bytes(pickle.dumps(value, protocol=2))
    with pytest.raises(DataError, match=message):
        read_python_batch(tmp_path / "batch")


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x80\x04\x95\xff", b"(" * 50])
def test_no_pickle_at_all(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "batch").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as a pickle"):
        read_python_batch(tmp_path / "batch")


def test_a_truncated_binary_batch(cifar_binary: Path) -> None:
    path = cifar_binary / "data_batch_3.bin"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"expected records of 3,073 bytes in .*data_batch_3\.bin"):
        cifar10_source(cifar_binary)


def test_a_binary_label_over_nine(cifar_binary: Path) -> None:
    path = cifar_binary / "data_batch_1.bin"
    path.write_bytes(b"\x0a" + path.read_bytes()[1:])
    with pytest.raises(DataError, match="expected labels 0 to 9"):
        read_binary_batch(path)


def test_a_missing_batch_is_named(cifar_binary: Path) -> None:
    (cifar_binary / "data_batch_4.bin").unlink()
    with pytest.raises(DataError, match=r"expected data_batch_4\.bin beside"):
        cifar10_source(cifar_binary)
