"""What a model scores on labelled images, with its uncertainty."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.train.calibration import Calibration, calibration_of

if TYPE_CHECKING:
    import keras

    from edgeproof.train.data.source import Images

# the 97.5 % point of the normal distribution: a 95 % interval
_Z_95 = 1.959963984540054
_MOST_IN_MATRIX = 100
_MOST_PAIRS = 20
# 512 images of 1,024 x 1,024 would be 6 GB
_MOST_IN_SLICE, _SLICE_BYTES = 512, 2**26


@dataclass(frozen=True)
class ClassFigures:
    """Of a class's test images the share found, and of those called so the share right."""

    label: str
    n: int
    recall: float
    precision: float | None


@dataclass(frozen=True)
class Confusion:
    """So many images of class `truth` were called `called`."""

    truth: str
    called: str
    n: int


@dataclass(frozen=True)
class Evaluation:
    """Top-1 figures on `n` images.

    Attributes:
        confusion: `confusion[i][j]` images of class i were called j; None with more than 100
            classes, where it would be nearly empty and, of 10,000, a gigabyte.
        confused: the pairs of classes that are confused most often, 20 at most.
    """

    n: int
    accuracy: float
    interval_95: tuple[float, ...]
    loss: float
    per_class: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...] | None
    confused: tuple[Confusion, ...]
    calibration: Calibration


def evaluated(scores: np.ndarray, labels: np.ndarray, label_names: tuple[str, ...]) -> Evaluation:
    """Count what probabilities N x labels say of images whose labels are known."""
    called, classes = scores.argmax(axis=1), len(label_names)
    right = called == labels
    n, named = np.bincount(labels, minlength=classes), np.bincount(called, minlength=classes)
    found = np.bincount(labels[right], minlength=classes)
    of_truth = np.clip(scores[np.arange(len(labels)), labels], 1e-7, 1.0)
    return Evaluation(
        n=len(labels),
        accuracy=float(right.mean()),
        interval_95=wilson_interval(int(right.sum()), len(labels)),
        loss=float(-np.log(of_truth).mean()),
        per_class=tuple(
            ClassFigures(
                label=name,
                n=int(n[i]),
                recall=_share(found[i], n[i]) or 0.0,
                precision=_share(found[i], named[i]),
            )
            for i, name in enumerate(label_names)
        ),
        confusion=_matrix(labels, called, classes) if classes <= _MOST_IN_MATRIX else None,
        confused=_pairs(labels[~right], called[~right], label_names),
        calibration=calibration_of(scores, labels),
    )


def _matrix(labels: np.ndarray, called: np.ndarray, classes: int) -> tuple[tuple[int, ...], ...]:
    matrix = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (labels, called), 1)
    return tuple(tuple(int(v) for v in row) for row in matrix)


def _pairs(
    labels: np.ndarray, called: np.ndarray, label_names: tuple[str, ...]
) -> tuple[Confusion, ...]:
    pairs, counts = np.unique(np.stack([labels, called]), axis=1, return_counts=True)
    return tuple(
        Confusion(label_names[pairs[0, i]], label_names[pairs[1, i]], int(counts[i]))
        for i in np.argsort(-counts, kind="stable")[:_MOST_PAIRS]
    )


def rows_at_a_time(image_shape: tuple[int, ...]) -> int:
    """How many images a model looks at together where nothing is learnt: 64 MB as float32."""
    return max(1, min(_MOST_IN_SLICE, _SLICE_BYTES // (4 * math.prod(image_shape))))


def scored(model: "keras.Model", images: "Images") -> np.ndarray:
    """Probabilities, N x labels, float32, of uint8 images N x height x width x channels."""
    # in slices: as float32 the whole of a large set would be four times its size in memory
    rows = rows_at_a_time(images.shape[1:])
    slices = [
        model.predict_on_batch(images[i : i + rows].astype(np.float32))
        for i in range(0, len(images), rows)
    ]
    return np.concatenate(slices)


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, JASA 22, 1927): right near 0 and 1, unlike p ± 2s."""
    if n < 1 or not 0 <= right <= n:
        raise ValueError(f"expected 0 <= right <= n and n >= 1, got {right} of {n}")
    p, z2 = right / n, _Z_95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
