"""Augmentation changes what it says and nothing else."""

import numpy as np
import pytest

from edgeproof.train.augment import augmented
from edgeproof.train.recipe import Augmentation


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 9, 9, 3)).astype(np.uint8)


def _augmented(images: np.ndarray, **knobs: int | bool) -> np.ndarray:
    before = images.copy()
    result = augmented(images, Augmentation(**knobs), np.random.default_rng(1))  # type: ignore[arg-type]
    np.testing.assert_array_equal(images, before)  # the training images are never written to
    assert result.dtype == np.uint8
    return result


def test_nothing_asked_for_changes_nothing(images: np.ndarray) -> None:
    np.testing.assert_array_equal(_augmented(images), images)


def test_mirror_gives_the_image_or_its_mirror(images: np.ndarray) -> None:
    result = _augmented(images, mirror=True)
    mirrored = [np.array_equal(r, i[:, ::-1]) for r, i in zip(result, images, strict=True)]
    same = [np.array_equal(r, i) for r, i in zip(result, images, strict=True)]
    assert all(m != s for m, s in zip(mirrored, same, strict=True))
    assert 16 < sum(mirrored) < 48


def test_turns_reach_all_eight(images: np.ndarray) -> None:
    one = np.repeat(images[:1], 64, axis=0)
    result = _augmented(one, mirror=True, any_turn=True)
    eight = {np.rot90(side, k).tobytes() for side in (one[0], one[0][:, ::-1]) for k in range(4)}
    assert {r.tobytes() for r in result} == eight


def test_shift_moves_whole_images_and_repeats_the_edge(images: np.ndarray) -> None:
    offsets = set()
    for result, image in zip(_augmented(images, shift=2), images, strict=True):
        padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="edge")
        found = [
            (y, x)
            for y in range(5)
            for x in range(5)
            if np.array_equal(padded[y : y + 9, x : x + 9], result)
        ]
        assert len(found) == 1
        offsets.add(found[0])
    assert len(offsets) > 15
