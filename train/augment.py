"""Augmented batches: NumPy on uint8 images, outside the model, reproducible from a seed."""

import numpy as np

from edgeproof.train.camera import compressed, cut_out, noisy, relit
from edgeproof.train.recipe import Augmentation
from edgeproof.train.strokes import thickened
from edgeproof.train.warp import Pose, warped

# of a stroke on each side, in pixels: MNIST's are two or three wide, and one taken off both sides
# would leave nothing
_THINNEST, _THICKEST = -0.6, 1.0


def augmented(
    images: np.ndarray, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """A changed copy of uint8 images N x height x width x channels, each changed in its own way."""
    if augmentation.mirror:
        images = _half(images, images[:, :, ::-1], rng)
    if augmentation.any_turn:
        images = _turned(images, rng)
    if augmentation.shift:
        images = _shifted(images, augmentation.shift, rng)
    if augmentation.rotate or augmentation.scale or augmentation.shear:
        images = _reposed(images, augmentation, rng)
    if augmentation.stroke:
        chosen = rng.random(len(images)) < augmentation.stroke
        width = rng.uniform(_THINNEST, _THICKEST, len(images)) * chosen
        images = thickened(images, width)
    if augmentation.invert:
        dark = rng.random(len(images)).reshape(-1, 1, 1, 1) < augmentation.invert
        # 255 - x is x with every bit flipped: half of the copies
        images = images ^ np.where(dark, np.uint8(255), np.uint8(0))
    if augmentation.light or augmentation.color:
        images = relit(images, augmentation.light, augmentation.color, rng)
    if augmentation.noise:
        images = noisy(images, augmentation.noise, rng)
    if augmentation.jpeg:
        images = compressed(images, augmentation.jpeg, rng)
    if augmentation.cutout:
        images = cut_out(images, augmentation.cutout, rng)
    return images


def mixed(
    images: np.ndarray, targets: np.ndarray, alpha: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """float32 images and their targets, each blended with another's of the batch.

    mixup: Zhang et al., 2017 (arXiv:1710.09412).
    """
    share = rng.beta(alpha, alpha, len(images)).astype(np.float32)
    other = rng.permutation(len(images))
    of_image = share.reshape(-1, 1, 1, 1)
    blended = of_image * images + (1 - of_image) * images[other]
    return blended, share[:, np.newaxis] * targets + (1 - share[:, np.newaxis]) * targets[other]


def _reposed(
    images: np.ndarray, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    count = len(images)
    most = np.log1p(augmentation.scale)
    still = np.zeros(count)
    return warped(
        images,
        Pose(
            degrees=rng.uniform(-augmentation.rotate, augmentation.rotate, count),
            # in the logarithm: half as large is as likely as twice as large
            scale=np.exp(rng.uniform(-most, most, count)),
            shear=rng.uniform(-augmentation.shear, augmentation.shear, count),
            down=still,
            across=still,
        ),
    )


def _half(images: np.ndarray, changed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every second image as it is in `changed`: a coin for each."""
    chosen = np.flatnonzero(rng.random(len(images)) < 0.5)
    result = images.copy()
    result[chosen] = changed[chosen]  # a third of what np.where takes for each pixel's own choice
    return result


def _turned(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Upside down, and where images are square transposed.

    After `mirror` that makes all eight turns. Before it, it would not: a mirrored transpose is the
    transpose of the image upside down.
    """
    images = _half(images, images[:, ::-1], rng)
    if images.shape[1] == images.shape[2]:
        images = _half(images, images.transpose(0, 2, 1, 3), rng)
    return images


def _shifted(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Moved by up to `most` pixels down and across; the edge's pixels fill the gap."""
    count, height, width = images.shape[:3]
    down, across = rng.integers(-most, most + 1, size=(2, count))
    edged = np.pad(images, ((0, 0), (most, most), (most, most), (0, 0)), mode="edge")
    result = np.empty_like(images)
    # a copy of a window for each image: an index for each pixel takes four times as long
    for i, (top, left) in enumerate(zip(most - down, most - across, strict=True)):
        result[i] = edged[i, top : top + height, left : left + width]
    return result
