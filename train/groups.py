"""Figures per slide, patient or video: what a new one may expect, and an interval that knows it."""

from dataclasses import dataclass

import numpy as np

_RESAMPLES = 2000


@dataclass(frozen=True)
class GroupFigures:
    """One group's test images."""

    group: str
    n: int
    accuracy: float


@dataclass(frozen=True)
class Spread:
    """How the accuracy differs between groups.

    Attributes:
        groups: lowest accuracy first.
        quartiles: of the groups' accuracies, each group counting once.
        interval_95: of the accuracy over all images, by drawing whole groups again and again
            (cluster bootstrap, 2,000 times, seeded). Images of a group are alike, so it is wider
            than the interval that takes each image for itself, and nearer to the truth.
    """

    groups: tuple[GroupFigures, ...]
    quartiles: tuple[float, ...]
    interval_95: tuple[float, ...]


def spread_of(right: np.ndarray, groups: np.ndarray) -> Spread:
    """Of N answers (bool) and the groups of their images (N strings)."""
    names, number = np.unique(groups, return_inverse=True)
    sizes = np.bincount(number)
    counts = np.bincount(number, weights=right)
    shares = counts / sizes
    drawn = np.random.default_rng(0).integers(0, len(names), (_RESAMPLES, len(names)))
    resampled = counts[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return Spread(
        groups=tuple(
            GroupFigures(str(names[i]), int(sizes[i]), float(shares[i]))
            for i in np.lexsort((names, shares))
        ),
        quartiles=tuple(float(q) for q in np.quantile(shares, (0.25, 0.5, 0.75))),
        interval_95=tuple(float(q) for q in np.quantile(resampled, (0.025, 0.975))),
    )
