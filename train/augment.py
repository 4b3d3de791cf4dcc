"""Augmented batches: NumPy on uint8 images, outside the model, reproducible from a seed."""

import numpy as np

from edgeproof.train.recipe import Augmentation


def augmented(
    images: np.ndarray, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """A changed copy of uint8 images N x height x width x channels, each changed in its own way."""
    if augmentation.mirror:
        images = np.where(_coin(images, rng), images[:, :, ::-1], images)
    if augmentation.any_turn:
        images = _turned(images, rng)
    if augmentation.shift:
        images = _shifted(images, augmentation.shift, rng)
    return images


def _coin(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.random(len(images)).reshape(-1, 1, 1, 1) < 0.5


def _turned(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Upside down, and where images are square transposed.

    After `mirror` that makes all eight turns. Before it, it would not: a mirrored transpose is the
    transpose of the image upside down.
    """
    images = np.where(_coin(images, rng), images[:, ::-1], images)
    if images.shape[1] == images.shape[2]:
        images = np.where(_coin(images, rng), images.transpose(0, 2, 1, 3), images)
    return images


def _shifted(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Moved by up to `most` pixels down and across; the edge's pixels fill the gap."""
    count, height, width = images.shape[:3]
    down, across = rng.integers(-most, most + 1, size=(2, count))
    rows = np.clip(np.arange(height) - down[:, np.newaxis], 0, height - 1)
    columns = np.clip(np.arange(width) - across[:, np.newaxis], 0, width - 1)
    return images[
        np.arange(count)[:, np.newaxis, np.newaxis],
        rows[:, :, np.newaxis],
        columns[:, np.newaxis, :],
    ]
