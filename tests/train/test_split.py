"""Splits: disjoint, stratified, seeded, groups whole."""

from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.errors import UsageError
from edgeproof.train.data.malaria import malaria_source
from edgeproof.train.data.source import ArraySource
from edgeproof.train.errors import DataError
from edgeproof.train.recipes import RECIPES, recipe_named
from edgeproof.train.split import Split, SplitPlan, limited, sample_by_class, split_source

PLAN = SplitPlan(test_share=0.2, validation_share=0.1)


def _source(
    labels: np.ndarray, groups: np.ndarray | None = None, test: np.ndarray | None = None
) -> ArraySource:
    return ArraySource(
        images=np.zeros((len(labels), 2, 2, 1), dtype=np.uint8),
        labels=labels,
        label_names=tuple("abc"),
        origin="test",
        groups=groups,
        published_test=test,
    )


@pytest.fixture
def labels() -> np.ndarray:
    return np.repeat([0, 1, 2], [600, 300, 100])


def _parts(split: Split) -> list[np.ndarray]:
    return [split.train, split.calibration, split.validation, split.test]


def test_every_image_is_in_one_part(labels: np.ndarray) -> None:
    parts = _parts(split_source(_source(labels), PLAN))
    assert sorted(np.concatenate(parts)) == list(range(1000))
    assert [len(part) for part in parts] == [648, 72, 80, 200]


def test_classes_keep_their_shares(labels: np.ndarray) -> None:
    for part in _parts(split_source(_source(labels), PLAN)):
        shares = np.bincount(labels[part]) / len(part)
        np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=0.02)


def test_the_official_test_set_stays_test(labels: np.ndarray) -> None:
    official = np.arange(0, 1000, 7)
    split = split_source(_source(labels, test=official), PLAN)
    np.testing.assert_array_equal(split.test, official)


def test_the_seed_of_the_plan_decides(labels: np.ndarray) -> None:
    one, same = split_source(_source(labels), PLAN), split_source(_source(labels), PLAN)
    other = split_source(_source(labels), SplitPlan(0.1, 0.2, seed=1))
    np.testing.assert_array_equal(one.test, same.test)
    assert set(one.test) != set(other.test)


def test_groups_are_never_torn_apart() -> None:
    rng = np.random.default_rng(3)
    # slides as uneven as those of the malaria set: 1 to 600 cells
    groups = np.repeat(np.arange(60).astype(str), rng.integers(1, 600, 60))
    labels = rng.integers(0, 3, len(groups))
    split = split_source(_source(labels, groups), PLAN)
    of_part = [
        set(groups[np.concatenate([split.train, split.calibration])]),
        set(groups[split.validation]),
        set(groups[split.test]),
    ]
    assert sum(map(len, of_part)) == len(set(groups)) == len(set.union(*of_part))
    np.testing.assert_allclose(len(split.test) / len(labels), 0.2, atol=0.01)
    np.testing.assert_allclose(len(split.validation) / len(labels), 0.08, atol=0.01)
    shares = np.bincount(labels) / len(labels)
    for part in _parts(split):
        np.testing.assert_allclose(np.bincount(labels[part]) / len(part), shares, atol=0.03)


def test_cells_of_a_slide_stay_together(cells: Path) -> None:
    source = malaria_source(cells)
    split = split_source(source, recipe_named("malaria").split)
    assert source.groups is not None
    trained = set(source.groups[split.train]) | set(source.groups[split.calibration])
    assert not trained & set(source.groups[split.test])
    assert not trained & set(source.groups[split.validation])
    assert not set(source.groups[split.test]) & set(source.groups[split.validation])


def test_few_groups_still_give_every_part_every_class() -> None:
    labels, groups = np.tile([0, 1, 2], 40), np.repeat(["a", "b", "c", "d"], 30)
    split = split_source(_source(labels, groups), PLAN)
    assert all(set(labels[part]) == {0, 1, 2} for part in _parts(split))
    assert len(split.train) + len(split.calibration) == 60


def test_too_few_groups() -> None:
    labels = np.tile([0, 1, 2], 20)
    with pytest.raises(DataError, match=r"got no '\w' in \w+ of 2 groups"):
        split_source(_source(labels, np.repeat(["x", "y"], 30)), PLAN)


def test_parts_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="disjoint"):
        Split(np.array([1, 2]), np.array([3]), np.array([4]), np.array([2]))


def test_a_limit_keeps_classes_and_proportions(labels: np.ndarray) -> None:
    split = split_source(_source(labels), PLAN)
    small = limited(split, labels, PLAN, 72, seed=0)
    assert 68 <= len(small.train) + len(small.calibration) <= 72
    assert len(small.calibration) == 7
    assert abs(len(small.test) - 20) <= 1
    assert set(small.train) | set(small.calibration) <= set(split.train) | set(split.calibration)
    assert set(small.test) <= set(split.test)
    assert set(small.validation) <= set(split.validation)
    assert all(set(labels[part]) == {0, 1, 2} for part in _parts(small))


def test_a_limit_below_two_images_of_each_class(labels: np.ndarray) -> None:
    split = split_source(_source(labels), PLAN)
    with pytest.raises(UsageError, match=r"--limit: expected at least 6, .* 3 classes, got 5"):
        limited(split, labels, PLAN, 5, seed=0)
    smallest = limited(split, labels, PLAN, 6, seed=0)
    assert [len(part) for part in _parts(smallest)][:2] == [3, 3]


def test_a_limit_is_seeded_and_a_large_one_changes_nothing(labels: np.ndarray) -> None:
    split = split_source(_source(labels), PLAN)
    assert limited(split, labels, PLAN, 10_000, seed=0) is split
    one, same, other = (limited(split, labels, PLAN, 100, seed=s) for s in (4, 4, 5))
    np.testing.assert_array_equal(one.train, same.train)
    assert set(one.train) != set(other.train)


def test_a_sample_is_stratified_and_of_the_size(labels: np.ndarray) -> None:
    chosen = sample_by_class(labels, 100, seed=0)
    assert len(set(chosen)) == len(chosen) <= 100
    assert np.bincount(labels[chosen]).tolist() == [60, 30, 10]
    assert len(sample_by_class(labels, 2000, seed=0)) == 1000


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_keeps_images_for_validation(name: str) -> None:
    assert 0.05 <= recipe_named(name).split.validation_share <= 0.2
