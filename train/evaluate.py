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


@dataclass(frozen=True)
class ClassFigures:
    """Of a class's test images the share found, and of those called so the share right."""

    label: str
    n: int
    recall: float
    precision: float | None


@dataclass(frozen=True)
class Evaluation:
    """Top-1 figures on `n` images. `confusion[i][j]`: images of class i that were called j."""

    n: int
    accuracy: float
    interval_95: tuple[float, ...]
    loss: float
    per_class: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: Calibration


def evaluated(scores: np.ndarray, labels: np.ndarray, label_names: tuple[str, ...]) -> Evaluation:
    """Count what probabilities N x labels say of images whose labels are known."""
    confusion = np.zeros((len(label_names), len(label_names)), dtype=np.int64)
    np.add.at(confusion, (labels, scores.argmax(axis=1)), 1)
    right = int(np.trace(confusion))
    of_truth = np.clip(scores[np.arange(len(labels)), labels], 1e-7, 1.0)
    return Evaluation(
        n=len(labels),
        accuracy=right / len(labels),
        interval_95=wilson_interval(right, len(labels)),
        loss=float(-np.log(of_truth).mean()),
        per_class=tuple(
            ClassFigures(
                label=name,
                n=int(confusion[i].sum()),
                recall=_share(confusion[i, i], confusion[i].sum()) or 0.0,
                precision=_share(confusion[i, i], confusion[:, i].sum()),
            )
            for i, name in enumerate(label_names)
        ),
        confusion=tuple(tuple(int(v) for v in row) for row in confusion),
        calibration=calibration_of(scores, labels),
    )


def scored(model: "keras.Model", images: "Images") -> np.ndarray:
    """Probabilities, N x labels, float32, of uint8 images N x height x width x channels."""
    # in slices: the whole of a large set as float32 would be four times its size in memory
    slices = [
        model.predict_on_batch(images[i : i + 512].astype(np.float32))
        for i in range(0, len(images), 512)
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
