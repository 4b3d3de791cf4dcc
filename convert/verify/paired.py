"""Whether an accuracy change is more than chance, from the images where the two models disagree."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PairedChange:
    """McNemar's test of two models on the same images.

    Attributes:
        lost: images that the reference had right and the variant has wrong.
        gained: images that the reference had wrong and the variant has right.
        p_value: how probable a split at least as uneven is if conversion changed nothing, 0 to 1.
    """

    lost: int
    gained: int
    p_value: float


def paired_change(before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> PairedChange:
    """Compare the predictions `before` and `after` conversion (class indices, N each).

    Raises:
        ValueError: no images, or not as many predictions as labels.
    """
    if not before.shape == after.shape == labels.shape or labels.ndim != 1 or labels.size == 0:
        raise ValueError(
            "expected two predictions per label and at least one label, got "
            f"{before.shape} and {after.shape} for {labels.shape}"
        )
    was_right, is_right = before == labels, after == labels
    lost = int(np.count_nonzero(was_right & ~is_right))
    gained = int(np.count_nonzero(~was_right & is_right))
    return PairedChange(lost, gained, mcnemar(lost, gained))


def mcnemar(lost: int, gained: int) -> float:
    """Two-sided exact p-value: `min(1, 2 P(X <= min(lost, gained)))`, X ~ Bin(lost + gained, 1/2).

    Q. McNemar, Psychometrika 12 (1947); the exact binomial form as in A. Agresti, Categorical Data
    Analysis, section 10.1. Exact, because conversion turns over too few images for chi-squared,
    which wants 25 of them. Summed in whole numbers, which Python divides
    without overflow. 1 where nothing turned over.
    """
    n, fewer = lost + gained, min(lost, gained)
    term = tail = 1
    for k in range(1, fewer + 1):
        term = term * (n - k + 1) // k
        tail += term
    return min(1.0, 2 * tail / 2**n)
