"""Digits as people draw them on a page: a test set changed in five ways, and all of them at once.

Generated from a seed of its own, image by image, so it is the same for every model, and another
than any that training drew.
"""

from collections.abc import Callable

import numpy as np

from edgeproof.train.strokes import thickened
from edgeproof.train.warp import Pose, warped

_SEED = 7001


def stressed(images: np.ndarray) -> dict[str, np.ndarray]:
    """Each way's name and the images after it; uint8, N x 28 x 28 x 1, light on dark.

    shift    up to 4 pixels each way, down and across
    scale    0.7 to 1.3 times as large
    rotate   up to 20 degrees each way
    stroke   up to 0.6 of a pixel thinner or a pixel thicker on each side
    invert   dark on light
    all      every one of them, half as strong; every second image inverted
    """
    return {
        name: _KINDS[name](images, np.random.default_rng([_SEED, number]))
        for number, name in enumerate(_KINDS)
    }


def _pose(count: int, **changes: np.ndarray) -> Pose:
    still = np.zeros(count)
    neutral = {"degrees": still, "scale": still + 1, "shear": still, "down": still, "across": still}
    return Pose(**{**neutral, **changes})


def _shift(images: np.ndarray, rng: np.random.Generator, strength: float = 1) -> np.ndarray:
    # whole pixels, as drawing off the middle gives: half ones would blur as well
    down, across = np.rint(strength * rng.uniform(-4.5, 4.5, (2, len(images))))
    return warped(images, _pose(len(images), down=down, across=across))


def _scale(images: np.ndarray, rng: np.random.Generator, strength: float = 1) -> np.ndarray:
    factor = 1 + strength * rng.uniform(-0.3, 0.3, len(images))
    return warped(images, _pose(len(images), scale=factor))


def _rotate(images: np.ndarray, rng: np.random.Generator, strength: float = 1) -> np.ndarray:
    degrees = strength * rng.uniform(-20, 20, len(images))
    return warped(images, _pose(len(images), degrees=degrees))


def _stroke(images: np.ndarray, rng: np.random.Generator, strength: float = 1) -> np.ndarray:
    return thickened(images, strength * rng.uniform(-0.6, 1.0, len(images)))


def _invert(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 255 - images


def _all(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    for change in (_shift, _scale, _rotate, _stroke):
        images = change(images, rng, 0.5)
    dark = rng.random((len(images), 1, 1, 1)) < 0.5
    return np.where(dark, 255 - images, images)


_KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "shift": _shift,
    "scale": _scale,
    "rotate": _rotate,
    "stroke": _stroke,
    "invert": _invert,
    "all": _all,
}
