"""Images turned, scaled, sheared and moved: one resampling, each image by a matrix of its own."""

from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Pose:
    """How each of N images lies; arrays of N. Neutral: 0, 1, 0, 0, 0.

    Attributes:
        degrees: turned to the right.
        scale: more than 1 is larger.
        shear: degrees by which upright lines lean to the right.
        down, across: pixels.
    """

    degrees: np.ndarray
    scale: np.ndarray
    shear: np.ndarray
    down: np.ndarray
    across: np.ndarray


def warped(images: np.ndarray, pose: Pose) -> np.ndarray:
    """uint8 images N x height x width x channels (1 or 3) in their pose, black where nothing was.

    By Pillow, bilinear: 20 microseconds for 28 x 28, a tenth of the same in NumPy's indexing.
    """
    height, width, channels = images.shape[1:]
    matrices = _inverse(pose, height, width)
    result = np.empty_like(images)
    mode = "L" if channels == 1 else "RGB"
    for i, matrix in enumerate(matrices):
        # frombuffer and tobytes: fromarray and asarray take twice as long, a third of it all
        original = Image.frombuffer(mode, (width, height), np.ascontiguousarray(images[i]))
        moved = original.transform(
            (width, height),
            Image.Transform.AFFINE,
            tuple(matrix),
            resample=Image.Resampling.BILINEAR,
        )
        result[i] = np.frombuffer(moved.tobytes(), np.uint8).reshape(height, width, channels)
    return result


def _inverse(pose: Pose, height: int, width: int) -> np.ndarray:
    """Pillow's six numbers for each image: where in the original a pixel of the result lies."""
    angle, lean = np.radians(pose.degrees), np.tan(np.radians(pose.shear))
    cos, sin = np.cos(angle) / pose.scale, np.sin(angle) / pose.scale
    a, b = cos - lean * sin, sin + lean * cos
    c, d = -sin, cos
    middle_x, middle_y = (width - 1) / 2 + 0.5, (height - 1) / 2 + 0.5
    x, y = middle_x + pose.across, middle_y + pose.down
    return np.stack([a, b, middle_x - a * x - b * y, c, d, middle_y - c * x - d * y], axis=1)
