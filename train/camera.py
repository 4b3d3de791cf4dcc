"""What light, sensors and files do to a picture: gain, noise, compression, something in the way."""

import io

import numpy as np
from PIL import Image


def relit(images: np.ndarray, light: float, color: float, rng: np.random.Generator) -> np.ndarray:
    """Brightness, contrast and each channel's gain changed by up to these shares. uint8."""
    count, channels = len(images), images.shape[-1]

    def up_to(most: float, *shape: int) -> np.ndarray:
        return rng.uniform(-most, most, (count, 1, 1, *shape)).astype(np.float32)

    gain = (1 + up_to(light, 1)) * (1 + up_to(color, channels))
    # contrast is around middle grey, so it is a gain and an offset too
    offset = 127.5 * up_to(light, 1)
    return np.clip(np.rint(images * gain + offset), 0, 255).astype(np.uint8)


def noisy(images: np.ndarray, strongest: float, rng: np.random.Generator) -> np.ndarray:
    """Normal noise of up to this standard deviation on every second image. uint8."""
    chosen = np.flatnonzero(rng.random(len(images)) < 0.5)
    strength = rng.uniform(0, strongest, (len(chosen), 1, 1, 1)).astype(np.float32)
    noise = rng.standard_normal((len(chosen), *images.shape[1:]), dtype=np.float32)
    result = images.copy()
    result[chosen] = np.clip(np.rint(images[chosen] + noise * strength), 0, 255).astype(np.uint8)
    return result


def compressed(images: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """A share of the images as they come out of a JPEG file of quality 30 to 90."""
    result = images.copy()
    for i in np.flatnonzero(rng.random(len(images)) < share):
        pixels = images[i, ..., 0] if images.shape[-1] == 1 else images[i]
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=int(rng.integers(30, 91)))
        result[i] = np.asarray(Image.open(file)).reshape(images.shape[1:])
    return result


def cut_out(images: np.ndarray, width: int, rng: np.random.Generator) -> np.ndarray:
    """A square of middle grey, centred anywhere, so that it may stick out of the picture.

    DeVries and Taylor, 2017 (arXiv:1708.04552), whose pixels are zero after normalisation.
    """
    count, rows, columns = images.shape[:3]
    top = rng.integers(0, rows, (count, 1)) - width // 2
    left = rng.integers(0, columns, (count, 1)) - width // 2
    in_rows = (np.arange(rows) >= top) & (np.arange(rows) < top + width)
    in_columns = (np.arange(columns) >= left) & (np.arange(columns) < left + width)
    inside = in_rows[:, :, np.newaxis] & in_columns[:, np.newaxis, :]
    return np.where(inside[..., np.newaxis], np.uint8(128), images)
