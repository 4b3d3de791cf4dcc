"""Warping, strokes, camera faults, and the stress set that is made of them."""

import numpy as np
import pytest

from edgeproof.train import stress
from edgeproof.train.augment import augmented, mixed
from edgeproof.train.batches import AugmentedBatches, class_weights
from edgeproof.train.camera import compressed, cut_out, noisy, relit
from edgeproof.train.parts import TrainSet
from edgeproof.train.recipe import Augmentation
from edgeproof.train.recipes import RECIPES, recipe_named
from edgeproof.train.robustness import foreign_digits, robustness_of
from edgeproof.train.stress import stressed
from edgeproof.train.strokes import thickened
from edgeproof.train.warp import Pose, warped

STILL = np.zeros(3)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 9, 9, 1)).astype(np.uint8)


@pytest.fixture
def bars() -> np.ndarray:
    """64 pictures of an upright bar, three pixels wide, 28 x 28."""
    pictures = np.zeros((64, 28, 28, 1), dtype=np.uint8)
    pictures[:, 6:22, 13:16] = 250
    return pictures


def _pose(**changes: np.ndarray) -> Pose:
    neutral = {"degrees": STILL, "scale": STILL + 1, "shear": STILL, "down": STILL, "across": STILL}
    return Pose(**{**neutral, **changes})


def test_the_neutral_pose_changes_nothing(images: np.ndarray) -> None:
    np.testing.assert_array_equal(warped(images, _pose()), images)


def test_a_quarter_turn_to_the_right(images: np.ndarray) -> None:
    turned = warped(images, _pose(degrees=STILL + 90)).astype(int)
    np.testing.assert_allclose(turned, np.rot90(images, -1, axes=(1, 2)), atol=1)


def test_moved_down_and_to_the_left_on_black(images: np.ndarray) -> None:
    moved = warped(images, _pose(down=STILL + 2, across=STILL - 1))
    np.testing.assert_array_equal(moved[:, 2:, :-1], images[:, :-2, 1:])
    assert not moved[:, :2].any()
    assert not moved[:, :, -1].any()


def test_twice_as_large_and_leaning_to_the_right(bars: np.ndarray) -> None:
    three = bars[:3]
    large = warped(three, _pose(scale=STILL + 2))
    assert large.sum() == pytest.approx(4 * three.sum(), rel=0.2)
    rows, columns = np.nonzero(warped(three, _pose(shear=STILL + 20))[0, ..., 0] > 100)
    top, bottom = columns[rows < 10].mean(), columns[rows > 17].mean()
    assert top - bottom > 2


def test_colours_are_warped_alike(images: np.ndarray) -> None:
    colored = np.repeat(images, 3, axis=3)
    pose = _pose(degrees=STILL + 33)
    np.testing.assert_array_equal(warped(colored, pose)[..., 1:2], warped(images, pose))


def test_strokes_get_wider_and_narrower_by_degrees(bars: np.ndarray) -> None:
    amounts = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    ink = thickened(bars[:5], amounts).sum(axis=(1, 2, 3))
    assert (np.diff(ink.astype(int)) > 0).all()
    np.testing.assert_array_equal(thickened(bars[:5], np.zeros(5)), bars[:5])
    assert (thickened(bars[:1], np.array([1.0]))[0, 10, 11:18, 0] > 0).sum() == 5


def test_camera_faults_change_as_much_as_they_say(bars: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    gray = np.full_like(bars, 100)
    lit = relit(gray, 0.2, 0.0, rng)
    assert 60 < lit.min() < 90
    assert 110 < lit.max() < 150
    assert noisy(gray, 30, rng).std() > 5
    changed = (compressed(bars, 0.5, rng) != bars).any(axis=(1, 2, 3))
    assert 16 < changed.sum() < 48
    cut = (cut_out(bars, 8, rng) == 128).sum(axis=(1, 2, 3))
    assert cut.max() == 64
    assert cut.min() >= 16  # a corner of it is always in the picture


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_augments_its_own_images_reproducibly(name: str) -> None:
    recipe = recipe_named(name)
    shape = recipe.contract.image_shape
    images = np.random.default_rng(1).integers(0, 256, (16, *shape)).astype(np.uint8)
    before = images.copy()
    one, same, other = (
        augmented(images, recipe.augmentation, np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one, same)
    np.testing.assert_array_equal(images, before)
    assert (one != other).any()
    assert (one.shape, one.dtype) == (images.shape, np.uint8)


def test_mixed_images_carry_the_same_share_of_their_labels() -> None:
    images = np.arange(8, dtype=np.float32).reshape(8, 1, 1, 1) * np.ones((8, 2, 2, 1), np.float32)
    blended, targets = mixed(images, np.eye(8, dtype=np.float32), 1.0, np.random.default_rng(0))
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(blended[:, 0, 0, 0], targets @ np.arange(8), rtol=1e-5)
    assert ((targets > 0).sum(axis=1) == 2).sum() >= 4


def test_rare_classes_weigh_more_but_not_without_end() -> None:
    labels = np.repeat([0, 1, 2], [1000, 100, 1])
    weights = class_weights(labels, 3)
    assert weights[1] / weights[0] == pytest.approx(10)
    assert weights[2] == 10
    part = TrainSet(np.zeros((1101, 2, 2, 1), dtype=np.uint8), labels, np.arange(1101))
    batches = AugmentedBatches(part, 3, Augmentation(), 1101, 0, balance=True)
    _, targets, given = batches[0]
    np.testing.assert_array_equal(given, weights[targets.argmax(axis=1)])


def test_batches_depend_on_seed_epoch_and_number_alone() -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 1)).astype(np.uint8)
    part = TrainSet(images, np.arange(40) % 10, np.arange(40))

    def batch(seed: int, epoch: int, number: int) -> np.ndarray:
        batches = AugmentedBatches(part, 10, Augmentation(shift=1), 8, seed)
        for before in range(epoch + 1):
            batches.begin(before)
        return np.asarray(batches[number][0])

    direct = AugmentedBatches(part, 10, Augmentation(shift=1), 8, 3)
    direct.begin(2)
    np.testing.assert_array_equal(direct[1][0], batch(3, 2, 1))
    assert (batch(3, 2, 1) != batch(3, 1, 1)).any()
    assert (batch(3, 2, 1) != batch(4, 2, 1)).any()


def test_the_stress_set_is_the_same_every_time_and_changes_what_it_says(bars: np.ndarray) -> None:
    one, again = stressed(bars), stressed(bars)
    assert list(one) == ["shift", "scale", "rotate", "stroke", "invert", "all"]
    for kind, changed in one.items():
        np.testing.assert_array_equal(changed, again[kind])
        assert (changed.shape, changed.dtype) == (bars.shape, np.uint8)
        assert (changed != bars).any(axis=(1, 2, 3)).mean() > 0.9, kind
    np.testing.assert_array_equal(one["invert"], 255 - bars)
    assert 16 < (one["all"][:, 0, 0, 0] > 128).sum() < 48
    # a shift only moves the ink
    assert {int(i.sum()) for i in one["shift"]} == {int(bars[0].sum())}


def test_foreign_digits_look_like_mnist() -> None:
    images, labels = foreign_digits()
    assert (images.shape, labels.shape) == ((1797, 28, 28, 1), (1797,))
    assert not images[:, :4].any()
    assert not images[:, :, 24:].any()
    assert images.max() == 255


def test_robustness_counts_each_kind(monkeypatch: pytest.MonkeyPatch, bars: np.ndarray) -> None:
    class DarkIsZero:
        """Calls light pictures 1 and dark ones 0."""

        def predict_on_batch(self, batch: np.ndarray) -> np.ndarray:
            return np.eye(10, dtype=np.float32)[(batch.mean(axis=(1, 2, 3)) > 128).astype(int)]

    monkeypatch.setattr(stress, "_KINDS", {k: stress._KINDS[k] for k in ("shift", "invert")})
    result = robustness_of(DarkIsZero(), bars, np.zeros(64, dtype=np.int64))  # type: ignore[arg-type]
    assert [(k.kind, k.n, k.accuracy) for k in result.kinds] == [
        ("shift", 64, 1.0),
        ("invert", 64, 0.0),
    ]
    assert result.stress == 0.5
    assert result.foreign.n == 1797
    assert result.foreign.accuracy == pytest.approx(0.1, abs=0.01)  # the share of zeros
