"""Splits a data set into train, calibration, validation and test: indices only, seeded, disjoint.

The split has a seed of its own: another training seed must not make another test set, or the
results of two seeds could not be compared.
"""

from dataclasses import dataclass

import numpy as np

from edgeproof.train.data.source import Source
from edgeproof.train.errors import DataError

# quantisation ranges are level from about a hundred images; more only makes bundles larger
_CALIBRATION_IMAGES = 256


@dataclass(frozen=True)
class SplitPlan:
    """How a data set is split.

    Attributes:
        validation_share: of the images that are not test.
        test_share: of all images; unused where the set has an official test set.
        calibration_images: at most so many, and at most a tenth of what is left for training.
        seed: of the split, apart from the seed of the training.
    """

    validation_share: float
    test_share: float = 0.0
    calibration_images: int = _CALIBRATION_IMAGES
    seed: int = 2024


@dataclass(frozen=True)
class Split:
    """Indices into a source, int64. No index is in two parts, and no group in two of
    {train and calibration}, validation and test."""

    train: np.ndarray
    calibration: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def __post_init__(self) -> None:
        everything = np.concatenate([self.train, self.calibration, self.validation, self.test])
        if len(np.unique(everything)) != len(everything):
            raise ValueError("split: expected disjoint parts, got an index in two of them")


def split_source(source: Source, plan: SplitPlan) -> Split:
    """Split by class shares, keeping groups whole where the source has any.

    Raises:
        DataError: a class cannot be had in every part.
    """
    rng = np.random.default_rng(plan.seed)
    everything = np.arange(len(source.labels))
    if source.groups is not None:
        shares = (plan.test_share, plan.validation_share * (1 - plan.test_share))
        test, validation, rest = _by_group(source.labels, source.groups, shares, rng)
    elif source.published_test is not None:
        test = np.sort(source.published_test)
        rest = np.setdiff1d(everything, test)
        validation, rest = _by_class(source.labels, rest, plan.validation_share, rng)
    else:
        test, rest = _by_class(source.labels, everything, plan.test_share, rng)
        validation, rest = _by_class(source.labels, rest, plan.validation_share, rng)
    _check_classes(source, train=rest, validation=validation, test=test)
    share = min(0.1, plan.calibration_images / len(rest))
    calibration, train = _by_class(source.labels, rest, share, rng)
    return Split(train, calibration, validation, test)


def limited(split: Split, labels: np.ndarray, limit: int, seed: int) -> Split:
    """At most `limit` training images (calibration included), the other parts in proportion.

    Stratified and seeded; every class keeps at least one image in train, validation and test.
    """
    rng = np.random.default_rng([seed, 1])
    share = limit / (len(split.train) + len(split.calibration))
    if share >= 1:
        return split

    def some(part: np.ndarray) -> np.ndarray:
        return _by_class(labels, part, share, rng)[0]

    return Split(*(some(p) for p in (split.train, split.calibration, split.validation, split.test)))


def sample_by_class(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Positions of a stratified, seeded sample of about `count`, never more, in random order."""
    rng = np.random.default_rng(seed)
    everything = np.arange(len(labels))
    if count < len(labels):
        everything = _by_class(labels, everything, count / len(labels), rng)[0]
    return rng.permutation(everything)[:count]


def _by_class(
    labels: np.ndarray, indices: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """`share` of each class, at least one image of it, and the rest; both sorted."""
    taken = []
    for label in np.unique(labels[indices]):
        of_class = rng.permutation(indices[labels[indices] == label])
        taken.append(of_class[: max(1, round(share * len(of_class)))])
    chosen = np.sort(np.concatenate(taken))
    return chosen, np.setdiff1d(indices, chosen)


def _by_group(
    labels: np.ndarray,
    groups: np.ndarray,
    shares: tuple[float, ...],
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Whole groups for each share and the rest, every class close to its share in every part.

    Greedy, largest group first: each goes where the sum of squared distances from the wanted
    class counts, relative to them, becomes smallest.
    """
    names, group_of = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), labels.max() + 1))
    np.add.at(counts, (group_of, labels), 1)
    wanted = np.outer([*shares, 1 - sum(shares)], np.bincount(labels))
    weight = 1 / np.maximum(wanted, 1) ** 2
    have = np.zeros_like(wanted)
    part_of = np.empty(len(names), dtype=np.int64)
    order = rng.permutation(len(names))
    for group in order[np.argsort(-counts[order].sum(axis=1), kind="stable")]:
        before = (weight * (have - wanted) ** 2).sum(axis=1)
        after = (weight * (have + counts[group] - wanted) ** 2).sum(axis=1)
        part_of[group] = np.argmin(after - before)
        have[part_of[group]] += counts[group]
    return [np.flatnonzero(part_of[group_of] == part) for part in range(len(wanted))]


def _check_classes(source: Source, **parts: np.ndarray) -> None:
    for part, indices in parts.items():
        missing = np.setdiff1d(np.arange(len(source.label_names)), source.labels[indices])
        if len(missing):
            by = "" if source.groups is None else f" of {len(np.unique(source.groups))} groups"
            raise DataError(
                f"expected every class in train, validation and test, got no "
                f"{source.label_names[missing[0]]!r} in {part}{by}; add pictures of it"
                + ("" if source.groups is None else " in more groups")
            )
