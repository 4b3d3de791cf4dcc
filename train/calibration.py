"""Is a confidence of 90 % right nine times in ten? Expected calibration error and its bins."""

from dataclasses import dataclass

import numpy as np

_BINS = 15


@dataclass(frozen=True)
class Bin:
    """Images whose highest probability lies above `low` and up to `high`."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """`ece`: mean distance of confidence and accuracy over the bins, weighted by their images.

    Guo et al., 2017 (arXiv:1706.04599), with 15 bins of equal width; empty ones are left out.
    """

    ece: float
    bins: tuple[Bin, ...]


def calibration_of(scores: np.ndarray, labels: np.ndarray) -> Calibration:
    """Of probabilities N x labels and the true labels N."""
    confidence = scores.max(axis=1).astype(np.float64)
    right = scores.argmax(axis=1) == labels
    number = np.clip(np.ceil(confidence * _BINS).astype(int) - 1, 0, _BINS - 1)
    bins = []
    for i in range(_BINS):
        here = number == i
        if here.any():
            bins.append(
                Bin(
                    low=i / _BINS,
                    high=(i + 1) / _BINS,
                    n=int(here.sum()),
                    confidence=float(confidence[here].mean()),
                    accuracy=float(right[here].mean()),
                )
            )
    error = sum(b.n * abs(b.confidence - b.accuracy) for b in bins) / len(labels)
    return Calibration(float(error), tuple(bins))
