"""The input contract, executed in Python. `web/static/js/image.js` is its twin, to the byte.

Pillow does the arithmetic: its luma is `(19595 R + 38470 G + 7471 B + 2^15) >> 16` and its
bilinear resize is antialiased, in 8-bit fixed point with 22 fractional bits, horizontal pass
first. Anything else that would do (OpenCV, tf.image) differs from it by several grey levels.
"""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError

# 100 megapixels: more than cameras give, and 300 MB as RGB, which a 1 GB board can still hold
MAX_PIXELS = 100_000_000

# what Pillow's decoders raise on damaged files, seen while feeding them truncated and mutated ones
_DECODER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)


def image_from_file(source: str | Path | bytes, contract: InputContract) -> np.ndarray:
    """Decode an encoded picture and make it the model's image: height x width x channels, uint8.

    Args:
        source: a file's path, or its bytes.

    Raises:
        ImageError: missing, not a picture, truncated, or larger than `MAX_PIXELS`.
    """
    name = "the picture" if isinstance(source, bytes) else str(source)
    try:
        with warnings.catch_warnings():
            # a damaged EXIF block or a large size warns; what matters below is an error
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise ImageError(
                        f"{name}: expected at most {MAX_PIXELS:,} pixels, "
                        f"got {picture.width} x {picture.height}"
                    )
                picture.load()
                return image_from_picture(picture, contract)
    except FileNotFoundError as error:
        raise ImageError(f"{name}: expected a picture, got no such file") from error
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name}: expected a picture (PNG, JPEG, WebP, ...), got something else"
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name}: expected at most {MAX_PIXELS:,} pixels: {error}") from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: cannot be decoded: {error}") from error


def image_from_picture(picture: Image.Image, contract: InputContract) -> np.ndarray:
    """A decoded Pillow picture as the model's image: height x width x channels, uint8."""
    picture = ImageOps.exif_transpose(picture)
    picture = _in_color(_flattened(picture, contract.background), contract)
    picture = _fitted(picture, contract)
    image = np.asarray(picture, dtype=np.uint8)
    return image.reshape(contract.image_shape)


def image_from_pixels(pixels: np.ndarray, contract: InputContract) -> np.ndarray:
    """An array of pixels (rows x columns, or rows x columns x 3, uint8) as the model's image."""
    if pixels.shape == contract.image_shape:
        return pixels
    return image_from_picture(Image.fromarray(pixels.squeeze()), contract)


def batch_from_images(images: np.ndarray, contract: InputContract) -> np.ndarray:
    """uint8 images N x H x W x C as the model's float32 input, each step rounded to float32."""
    scale = np.asarray(contract.scale, dtype=np.float32)
    offset = np.asarray(contract.offset, dtype=np.float32)
    return images.astype(np.float32) * scale + offset


def _flattened(picture: Image.Image, background: tuple[int, ...]) -> Image.Image:
    """RGB or L without alpha: `(c a + b (255 - a) + 127) // 255` per channel, exact integers."""
    if picture.mode in ("I;16", "I;16B", "I;16L", "I"):
        # 16-bit grey: the high byte, as browsers do; Pillow's own convert() would clip at 255
        wide = np.asarray(picture).astype(np.int64)
        return Image.fromarray(np.clip(wide >> 8, 0, 255).astype(np.uint8))
    if picture.mode in {"L", "1"}:
        return picture.convert("L")
    if not _may_be_transparent(picture):
        return picture.convert("RGB")
    pixels = np.asarray(picture.convert("RGBA")).astype(np.uint32)
    color, alpha = pixels[..., :3], pixels[..., 3:]
    behind = np.asarray(background, dtype=np.uint32)
    mixed = (color * alpha + behind * (255 - alpha) + 127) // 255
    return Image.fromarray(mixed.astype(np.uint8))


def _may_be_transparent(picture: Image.Image) -> bool:
    """Pillow's `has_transparency_data`, which Debian 12's Pillow 9.4 does not have yet."""
    if picture.mode in {"LA", "La", "PA", "RGBA", "RGBa"} or "transparency" in picture.info:
        return True
    return picture.palette is not None and picture.palette.mode.endswith("A")


def _in_color(picture: Image.Image, contract: InputContract) -> Image.Image:
    return picture.convert("L" if contract.color == "gray" else "RGB")


def _fitted(picture: Image.Image, contract: InputContract) -> Image.Image:
    """Fit by the contract, then resize. Integer arithmetic only, so that JavaScript agrees."""
    width, height = picture.size
    target_w, target_h = contract.width, contract.height
    wider = width * target_h > height * target_w
    if contract.fit == "crop":
        if wider:
            kept = max(1, height * target_w // target_h)
            left = (width - kept) // 2
            picture = picture.crop((left, 0, left + kept, height))
        else:
            kept = max(1, width * target_h // target_w)
            top = (height - kept) // 2
            picture = picture.crop((0, top, width, top + kept))
    if contract.fit != "pad":
        return _resized(picture, target_w, target_h)
    if wider:
        inner = target_w, max(1, (2 * height * target_w + width) // (2 * width))
    else:
        inner = max(1, (2 * width * target_h + height) // (2 * height)), target_h
    resized = _resized(picture, *inner)
    canvas = Image.new(picture.mode, (target_w, target_h), _background(picture.mode, contract))
    canvas.paste(resized, ((target_w - inner[0]) // 2, (target_h - inner[1]) // 2))
    return canvas


def _resized(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Two calls, so that the horizontal pass comes first: Pillow 13 alone would choose the order
    by the picture's shape, older ones would not, and each pass rounds to 8 bits.
    """
    across = picture.resize((width, picture.height), Image.Resampling.BILINEAR)
    return across.resize((width, height), Image.Resampling.BILINEAR)


def _background(mode: str, contract: InputContract) -> int | tuple[int, ...]:
    if mode == "RGB":
        return contract.background
    red, green, blue = contract.background
    return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16
