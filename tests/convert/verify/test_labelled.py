from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeproof.convert.verify.errors import DataError
from edgeproof.convert.verify.labelled import evenly, read_labelled
from edgeproof.edge.bundle import Bundle


@pytest.fixture
def bundle(digits_bundle: Path) -> Bundle:
    return Bundle.open(digits_bundle)


def test_without_data_the_bundle_brings_its_own(bundle: Bundle) -> None:
    labelled = read_labelled(bundle, None)
    assert labelled is not None
    assert bundle.manifest.heldout is not None
    assert labelled.total == bundle.manifest.heldout.total
    assert len(labelled.images) == len(labelled.labels) > 100


def test_a_limit_keeps_every_class(bundle: Bundle) -> None:
    labelled = read_labelled(bundle, None)
    assert labelled is not None
    order = np.argsort(labelled.labels, kind="stable")
    by_class = type(labelled)("x", labelled.images[order], labelled.labels[order], labelled.total)
    assert len(set(evenly(by_class, 50).labels.tolist())) == len(bundle.manifest.labels)


def test_an_npz(bundle: Bundle, tmp_path: Path) -> None:
    labelled = read_labelled(bundle, None)
    assert labelled is not None
    path = tmp_path / "some.npz"
    np.savez(path, images=labelled.images[:7], labels=labelled.labels[:7].astype(np.uint8))
    again = read_labelled(bundle, path)
    assert again is not None
    assert np.array_equal(again.images, labelled.images[:7])
    assert again.labels.dtype == np.int64


def test_a_folder_tree_goes_through_the_input_contract(bundle: Bundle, tmp_path: Path) -> None:
    for label in bundle.manifest.labels:
        (tmp_path / label).mkdir()
        Image.new("RGB", (31, 17), (9, 9, 9)).save(tmp_path / label / "a.png")
    labelled = read_labelled(bundle, tmp_path)
    assert labelled is not None
    assert bundle.manifest.input is not None
    assert labelled.images.shape[1:] == bundle.manifest.input.image_shape
    assert labelled.labels.tolist() == list(range(len(bundle.manifest.labels)))


def test_a_label_without_a_folder_and_a_folder_without_pictures(
    bundle: Bundle, tmp_path: Path
) -> None:
    first, *others = bundle.manifest.labels
    (tmp_path / first).mkdir()
    with pytest.raises(DataError, match="expected a folder for each label"):
        read_labelled(bundle, tmp_path)
    for label in others:
        (tmp_path / label).mkdir()
    with pytest.raises(DataError, match="expected pictures in"):
        read_labelled(bundle, tmp_path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.zeros((2, 3, 3, 1), np.uint8)}, "expected the arrays images and labels"),
        ({"images": np.zeros((2, 3, 3, 1), np.uint8), "labels": np.zeros(2, int)}, "uint8 image"),
        ({"images": np.zeros((0, 8, 8, 1), np.uint8), "labels": np.zeros(0, int)}, "at least one"),
        ({"images": np.zeros((2, 8, 8, 1), np.uint8), "labels": np.zeros(3, int)}, "2 integer"),
        ({"images": np.zeros((2, 8, 8, 1), np.uint8), "labels": np.full(2, 99)}, "labels 0 to 9"),
        ({"images": np.zeros((2, 8, 8, 1), np.float32), "labels": np.zeros(2, int)}, "uint8"),
    ],
)
def test_arrays_that_do_not_fit(
    bundle: Bundle, tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    assert bundle.manifest.input is not None
    path = tmp_path / "wrong.npz"
    height, width, channels = bundle.manifest.input.image_shape
    fitted = {
        name: np.zeros((len(a), height, width, channels), a.dtype)
        if a.ndim == 4 and a.shape[1] == 8
        else a
        for name, a in arrays.items()
    }
    np.savez(path, **fitted)
    with pytest.raises(DataError, match=message):
        read_labelled(bundle, path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_an_npz_that_is_none(bundle: Bundle, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"expected an \.npz file, got .*, which is not one"):
        read_labelled(bundle, path)
