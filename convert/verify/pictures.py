"""Images of the input contract as small PNG files."""

import io

import numpy as np
from PIL import Image

# pixels; larger ones are made smaller. A photograph of this size is a PNG of about 25 KB
LARGEST_SIDE = 112


def png_of(image: np.ndarray) -> bytes:
    """A PNG of a uint8 image, height x width x 1 or 3: pixel for pixel up to `LARGEST_SIDE`."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()
