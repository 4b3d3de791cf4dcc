"""Calibration samples: read, checked, capped."""

from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from edgeproof.convert.calibration import calibration_from_path, check_calibration_path
from edgeproof.convert.errors import ConvertError
from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError

CONTRACT = InputContract(12, 10, "rgb", scale=(2.0,), offset=(1.0,))


@pytest.fixture(scope="module")
def two_inputs() -> keras.Model:
    first, second = keras.Input((3,), name="first"), keras.Input((2,), name="second", dtype="int32")
    joined = keras.layers.Concatenate()([first, keras.layers.Embedding(4, 3)(second)[:, 0]])
    return keras.Model([first, second], keras.layers.Dense(2)(joined))


def test_folder_goes_through_the_contract(tiny_model: keras.Model, tmp_path: Path) -> None:
    for index in range(3):
        Image.new("RGB", (30, 20), (10 * index, 0, 0)).save(tmp_path / f"{index}.png")

    found = calibration_from_path(tmp_path, tiny_model, CONTRACT, limit=2, seed=0)

    assert found.images is not None
    assert found.images.shape == (2, 12, 10, 3)
    assert found.arrays[0].dtype == np.float32
    np.testing.assert_array_equal(found.arrays[0], found.images * 2.0 + 1.0)
    assert found.description == f"2 of 3 pictures in {tmp_path.name}"


def test_choice_follows_the_seed(tiny_model: keras.Model, tmp_path: Path) -> None:
    images = np.arange(50, dtype=np.uint8)[:, None, None, None] * np.ones((12, 10, 3), np.uint8)
    np.savez(tmp_path / "c.npz", images=images)

    def chosen(seed: int) -> list[int]:
        found = calibration_from_path(tmp_path / "c.npz", tiny_model, CONTRACT, limit=5, seed=seed)
        assert found.images is not None
        return found.images[:, 0, 0, 0].tolist()

    assert chosen(1) == chosen(1) != chosen(2)
    assert len(set(chosen(1))) == 5


def test_one_array_per_input(two_inputs: keras.Model, tmp_path: Path) -> None:
    first, second = np.ones((4, 3)), np.zeros((4, 2), np.int64)
    np.savez(tmp_path / "c.npz", second=second, first=first)

    found = calibration_from_path(tmp_path / "c.npz", two_inputs, None, limit=9, seed=0)

    assert [a.shape for a in found.arrays] == [(4, 3), (4, 2)]
    assert [a.dtype.name for a in found.arrays] == ["float32", "int32"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"pictures": np.zeros((2, 12, 10, 3), np.uint8)},
            "expected the arrays images .* pictures",
        ),
        ({"images": np.zeros((0, 12, 10, 3), np.uint8)}, "at least one calibration image"),
        ({"images": np.zeros((2, 12, 10, 1), np.uint8)}, "N x 12 x 10 x 3 .* 2 x 12 x 10 x 1"),
        ({"images": np.zeros((2, 12, 10, 3), np.float32)}, "expected images as uint8"),
        ({"images": np.array([{}], object)}, "is not a readable .npz file"),
    ],
)
def test_bad_images(
    tiny_model: keras.Model, tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    np.savez(tmp_path / "c.npz", **arrays)
    with pytest.raises(ConvertError, match=message):
        calibration_from_path(tmp_path / "c.npz", tiny_model, CONTRACT, limit=9, seed=0)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.ones((4, 3)), np.zeros((5, 2), int), "same number of samples"),
        (np.ones((0, 3)), np.zeros((0, 2), int), "at least one"),
        (np.ones((4, 7)), np.zeros((4, 2), int), "expected first as float32 of N x 3"),
        (np.ones((4, 3)), np.zeros((4, 2)), "expected second as int32"),
        (np.full((4, 3), np.nan), np.zeros((4, 2), int), "finite values in first"),
    ],
)
def test_bad_arrays(
    two_inputs: keras.Model, tmp_path: Path, first: np.ndarray, second: np.ndarray, message: str
) -> None:
    np.savez(tmp_path / "c.npz", first=first, second=second)
    with pytest.raises(ConvertError, match=message):
        calibration_from_path(tmp_path / "c.npz", two_inputs, None, limit=9, seed=0)


def test_wrong_names(two_inputs: keras.Model, tmp_path: Path) -> None:
    np.savez(tmp_path / "c.npz", first=np.ones((4, 3)))
    with pytest.raises(ConvertError, match=r"expected the arrays first, second .*, got first"):
        calibration_from_path(tmp_path / "c.npz", two_inputs, None, limit=9, seed=0)


def test_folder_for_a_model_without_pictures(two_inputs: keras.Model, tmp_path: Path) -> None:
    Image.new("L", (2, 2)).save(tmp_path / "a.png")
    with pytest.raises(ConvertError, match=r"expected an .npz with one array per input"):
        calibration_from_path(tmp_path, two_inputs, None, limit=9, seed=0)


def test_unreadable_picture_is_named(tiny_model: keras.Model, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(ImageError, match=r"broken\.png"):
        calibration_from_path(tmp_path, tiny_model, CONTRACT, limit=9, seed=0)


def test_paths_are_checked_early(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no zip")
    with pytest.raises(ConvertError, match="got no such path"):
        check_calibration_path(tmp_path / "none")
    with pytest.raises(ConvertError, match=r"expected an .npz file or a folder"):
        check_calibration_path(tmp_path / "text.npz")
    with pytest.raises(ConvertError, match=r"expected calibration pictures in .*, got none"):
        check_calibration_path(tmp_path)
