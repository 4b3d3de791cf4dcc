"""Figures about answers: accuracy, agreement, drift, calibration error, and swapped labels."""

import math
from dataclasses import dataclass

import numpy as np

_Z95 = 1.959963984540054
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Accuracy:
    """Share of right answers with its 95 % Wilson score interval.

    Attributes:
        value: the share, 0 to 1.
        low, high: the ends of the interval.
        n: how many answers there were.
    """

    value: float
    low: float
    high: float
    n: int


def accuracy(predicted: np.ndarray, labels: np.ndarray) -> Accuracy:
    """Accuracy of class indices.

    Raises:
        ValueError: no predictions, or not as many as labels.
    """
    if predicted.shape != labels.shape or predicted.ndim != 1 or predicted.size == 0:
        raise ValueError(
            f"expected one prediction per label and at least one, got {predicted.shape} "
            f"for {labels.shape}"
        )
    right = int(np.count_nonzero(predicted == labels))
    low, high = wilson(right, predicted.size)
    return Accuracy(right / predicted.size, low, high, predicted.size)


def wilson(right: int, n: int) -> tuple[float, float]:
    """95 % score interval of a binomial share (E. B. Wilson, JASA 22, 1927)."""
    share, z2 = right / n, _Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def agreement(expected: np.ndarray, got: np.ndarray) -> float:
    """Share of rows of N x labels probabilities whose most probable label is the same."""
    return float(np.mean(expected.argmax(axis=1) == got.argmax(axis=1)))


def top_agreement(expected: np.ndarray, got: np.ndarray, k: int) -> float:
    """Share of rows whose most probable label is among the `k` most probable labels of `got`.

    Of equally probable labels the first counts as the more probable one, as argmax has it: a model
    that answers all labels alike must not agree with everything.
    """
    best = np.argsort(-got, axis=1, kind="stable")[:, :k]
    return float(np.mean((best == expected.argmax(axis=1)[:, np.newaxis]).any(axis=1)))


def confidence_drift(expected: np.ndarray, got: np.ndarray) -> float:
    """Mean |change| of the probability of the label that the reference finds most probable."""
    rows, top = np.arange(len(expected)), expected.argmax(axis=1)
    return float(np.mean(np.abs(got[rows, top].astype(np.float64) - expected[rows, top])))


def calibration_error(scores: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error of N x labels probabilities, 0 to 1.

    `sum_b n_b / N |accuracy_b - confidence_b|` over 15 bins of equal width, (0, 1/15] to (14/15,
    1], of the most probable label's probability (C. Guo et al., On Calibration of Modern Neural
    Networks, ICML 2017).

    Raises:
        ValueError: no images, or not as many as labels.
    """
    if len(scores) != len(labels) or len(labels) == 0:
        raise ValueError(f"expected scores for each of at least one label, got {len(scores)}")
    confidence = scores.max(axis=1).astype(np.float64)
    right = (scores.argmax(axis=1) == labels).astype(np.float64)
    bins = np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(int) - 1, 0, CALIBRATION_BINS - 1)
    # n_b |accuracy_b - confidence_b| is the size of the bin's summed differences
    return float(np.abs(np.bincount(bins, right - confidence)).sum() / len(labels))


def swapped_pairs(predicted: np.ndarray, labels: np.ndarray, classes: int) -> list[tuple[int, int]]:
    """Pairs of labels which, exchanged, would make the predictions right significantly more often.

    For a pair, images of the two classes that are predicted as the other speak for a swap, those
    predicted as their own against it. Without a swap the difference is at most a coin's: it
    exceeds three standard deviations, `3 sqrt(n)`, about once in a thousand, and at least 5 images
    must speak.
    """
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (labels, predicted), 1)
    own = np.diag(counts)
    right = own[:, np.newaxis] + own[np.newaxis, :]
    wrong = counts + counts.T
    votes = right + wrong
    swapped = (wrong - right > 3 * np.sqrt(votes)) & (votes >= 5)
    first, second = np.nonzero(np.triu(swapped, k=1))
    return [(int(i), int(j)) for i, j in zip(first, second, strict=True)]
