"""Small, whole pictures of every format: what is cut, mutated, spliced and wrapped."""

from functools import cache

import numpy as np
from PIL import Image

from tests.edge.corpus.hostile import encoded, gradient
from tests.edge.corpus.writing import exif


@cache
def seeds() -> dict[str, bytes]:
    """By format and suffix; each a few hundred bytes to 8 KB."""
    # noise, so that pixels are most of each file
    noise = np.random.default_rng(5).integers(-40, 40, (32, 48, 3))
    rgb = Image.fromarray(np.clip(gradient() + noise, 0, 255).astype(np.uint8))
    rgba = rgb.copy()
    rgba.putalpha(Image.fromarray(gradient()[..., 0]))
    gray = rgb.convert("L")
    frames = [rgb.rotate(90 * i).quantize(8) for i in range(3)]
    webp_frames = [rgb.rotate(90 * i) for i in range(3)]
    block = Image.Exif()
    block.load(exif(6))
    return {
        "rgb.png": encoded(rgb, "PNG"),
        "rgba.png": encoded(rgba, "PNG", exif=block),
        "palette.png": encoded(rgb.quantize(16), "PNG", transparency=3),
        "gray.png": encoded(gray, "PNG"),
        "wide.png": encoded(Image.fromarray(np.asarray(gray).astype(np.uint16) * 257), "PNG"),
        "one-bit.png": encoded(rgb.convert("1"), "PNG"),
        "baseline.jpg": encoded(rgb, "JPEG", quality=80, exif=block),
        "progressive.jpg": encoded(rgb, "JPEG", quality=80, progressive=True),
        "gray.jpg": encoded(gray, "JPEG"),
        "cmyk.jpg": encoded(rgb.convert("CMYK"), "JPEG"),
        "still.gif": encoded(rgb.quantize(32), "GIF"),
        "animated.gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "lossy.webp": encoded(rgb, "WEBP", quality=70, exif=block),
        "lossless.webp": encoded(rgba, "WEBP", lossless=True),
        "animated.webp": encoded(rgb, "WEBP", save_all=True, append_images=webp_frames[1:]),
        "rgb.bmp": encoded(rgb, "BMP"),
        "palette.bmp": encoded(rgb.quantize(16), "BMP"),
        "raw.tif": encoded(rgb, "TIFF", exif=block),
        "lzw.tif": encoded(rgb, "TIFF", compression="tiff_lzw"),
        "jpeg.tif": encoded(rgb, "TIFF", compression="jpeg"),
        "fax.tif": encoded(rgb.convert("1"), "TIFF", compression="group4"),
    }
