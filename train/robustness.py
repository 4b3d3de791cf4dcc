"""What a model of digits does with digits that are drawn or scanned otherwise than MNIST's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from edgeproof.train.evaluate import scored, wilson_interval
from edgeproof.train.stress import stressed

if TYPE_CHECKING:
    import keras

# MNIST's own layout: the digit in 20 x 20, in the middle of 28 x 28
_DIGIT, _PICTURE = 20, 28


@dataclass(frozen=True)
class KindFigures:
    """Accuracy on images that were changed in one way."""

    kind: str
    n: int
    accuracy: float
    interval_95: tuple[float, ...]


@dataclass(frozen=True)
class Robustness:
    """Attributes:
    stress: mean accuracy over the kinds of `edgeproof.train.stress`.
    kinds: each of them, on the whole test set.
    foreign: the 1,797 digits of scikit-learn, of other writers and another scanner, which no
        recipe but `digits` trains on; 8 x 8 pixels, enlarged to MNIST's layout.
    """

    stress: float
    kinds: tuple[KindFigures, ...]
    foreign: KindFigures


def robustness_of(model: "keras.Model", images: np.ndarray, labels: np.ndarray) -> Robustness:
    """Of a model of the ten digits and a test set: uint8, N x 28 x 28 x 1, light on dark."""
    kinds = tuple(_figures(model, k, i, labels) for k, i in stressed(images).items())
    return Robustness(
        stress=float(np.mean([kind.accuracy for kind in kinds])),
        kinds=kinds,
        foreign=_figures(model, "scikit-learn digits", *foreign_digits()),
    )


def foreign_digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits as 28 x 28 images, uint8 N x 28 x 28 x 1, and their labels, int64."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    ink = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    images = np.zeros((len(ink), _PICTURE, _PICTURE, 1), dtype=np.uint8)
    edge = (_PICTURE - _DIGIT) // 2
    inside = slice(edge, edge + _DIGIT)
    for image, small in zip(images, ink, strict=True):
        large = Image.fromarray(small).resize((_DIGIT, _DIGIT), Image.Resampling.BICUBIC)
        image[inside, inside, 0] = np.asarray(large)
    return images, digits.target.astype(np.int64)


def _figures(
    model: "keras.Model", kind: str, images: np.ndarray, labels: np.ndarray
) -> KindFigures:
    right = int((scored(model, images).argmax(axis=1) == labels).sum())
    return KindFigures(kind, len(labels), right / len(labels), wilson_interval(right, len(labels)))
