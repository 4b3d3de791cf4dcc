"""The input contract, executed in Python. `web/static/js/image.js` is its twin, to the byte.

Pillow does the arithmetic: its luma is `(19595 R + 38470 G + 7471 B + 2^15) >> 16` and its
bilinear resize is antialiased, in 8-bit fixed point with 22 fractional bits, horizontal pass
first. Anything else that would do (OpenCV, tf.image) differs from it by several grey levels.
Decoding, and what is refused, is in `pictures/`.
"""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.pictures.decode import decoded
from edgeproof.edge.pictures.plain import Refused
from edgeproof.edge.plain_text import one_line

Box = tuple[int, int, int, int]

_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WIDE_GRAY = ("I", "I;16", "I;16B", "I;16L")
# what is turned, flattened or changed in colour at a time: 2 MB of RGB, which stays in the cache
# (12 megapixels turned: 59 ms, 91 in one piece), and a whole camera frame, of which a strip would
# be a copy (640 x 480 to gray: 0.53 ms, 0.66 in two strips)
_STRIP_PIXELS = 1 << 19


def image_from_file(source: str | Path | bytes, contract: InputContract) -> np.ndarray:
    """Decode an encoded picture and make it the model's image: height x width x channels, uint8.

    Args:
        source: a file's path, or its bytes. PNG, JPEG, WebP, GIF, BMP or TIFF, by its content.

    Raises:
        ImageError: missing, not a picture, damaged, or one that takes more memory or processor
            time than a board can spare; a sentence of one line.
    """
    with ExitStack() as turn:
        try:
            found = decoded(source, contract.width, turn)
        except Refused as error:
            name = "the picture" if isinstance(source, bytes) else str(source)
            raise ImageError(one_line(f"{name}: {error}")) from error
        return _image(found.picture, found.orientation, contract)


def image_from_picture(picture: Image.Image, contract: InputContract) -> np.ndarray:
    """A decoded Pillow picture as the model's image: height x width x channels, uint8."""
    return _image(picture, picture.getexif().get(_ORIENTATION_TAG, 1), contract)


def image_from_pixels(pixels: np.ndarray, contract: InputContract) -> np.ndarray:
    """Pixels (uint8, rows x columns or rows x columns x 1, 3 or 4) as the model's image.

    Raises:
        ImageError: another type or shape.
    """
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise ImageError(
            "expected pixels as uint8 of rows x columns or rows x columns x 1, 3 or 4, "
            f"got {pixels.dtype} of {' x '.join(map(str, pixels.shape))}"
        )
    if pixels.size == 0:
        raise ImageError(f"expected pixels, got none: {' x '.join(map(str, pixels.shape))}")
    if pixels.shape == contract.image_shape:
        return pixels
    return _image(
        Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels), 1, contract
    )


def batch_from_images(images: np.ndarray, contract: InputContract) -> np.ndarray:
    """uint8 images N x H x W x C as the model's float32 input, each step rounded to float32."""
    scale = np.asarray(contract.scale, dtype=np.float32)
    offset = np.asarray(contract.offset, dtype=np.float32)
    return images.astype(np.float32) * scale + offset


def _image(picture: Image.Image, orientation: int, contract: InputContract) -> np.ndarray:
    fitted = _fitted(picture, orientation, contract)
    return np.asarray(fitted, dtype=np.uint8).reshape(contract.image_shape)


def _fitted(picture: Image.Image, orientation: int, contract: InputContract) -> Image.Image:
    """Fit by the contract, then resize. Integer arithmetic only, so that JavaScript agrees."""
    width, height = picture.size if orientation not in range(5, 9) else picture.size[::-1]
    target_w, target_h = contract.width, contract.height
    wider = width * target_h > height * target_w
    box = 0, 0, width, height
    if contract.fit == "crop":
        if wider:
            kept = max(1, height * target_w // target_h)
            left = (width - kept) // 2
            box = left, 0, left + kept, height
        else:
            kept = max(1, width * target_h // target_w)
            top = (height - kept) // 2
            box = 0, top, width, top + kept
    if contract.fit != "pad":
        return _resized_box(picture, orientation, box, contract, target_w, target_h)
    if wider:
        inner = target_w, max(1, (2 * height * target_w + width) // (2 * width))
    else:
        inner = max(1, (2 * width * target_h + height) // (2 * height)), target_h
    resized = _resized_box(picture, orientation, box, contract, *inner)
    canvas = Image.new(resized.mode, (target_w, target_h), _background(resized.mode, contract))
    canvas.paste(resized, ((target_w - inner[0]) // 2, (target_h - inner[1]) // 2))
    return canvas


def _resized_box(
    picture: Image.Image,
    orientation: int,
    box: Box,
    contract: InputContract,
    width: int,
    height: int,
) -> Image.Image:
    """A box of the upright picture in the contract's colours, at another size.

    What has to be turned, flattened or changed in colour first is so in strips, so that a large
    picture is never held twice.
    """
    left, top, right, bottom = box
    rows = max(1, _STRIP_PIXELS // (right - left))
    if rows >= bottom - top or _is_ready(picture, orientation, box, contract):
        resized = _resized(_prepared(picture, orientation, box, contract), width, height)
    else:
        across = Image.new("L", (width, 0))
        for y in range(top, bottom, rows):
            part = left, y, right, min(y + rows, bottom)
            strip = _prepared(picture, orientation, part, contract)
            if y == top:
                across = Image.new(strip.mode, (width, bottom - top))
            across.paste(_resized(strip, width, strip.height), (0, y - top))
        resized = _resized(across, width, height)
    # gray that is to be RGB only now: its three channels are the same whenever
    return resized.convert("RGB") if contract.color == "rgb" and resized.mode == "L" else resized


def _is_ready(picture: Image.Image, orientation: int, box: Box, contract: InputContract) -> bool:
    """Whether nothing is left to do but to resize."""
    modes = {"L"} if contract.color == "gray" else {"L", "RGB"}
    plain = picture.mode in modes and "transparency" not in picture.info
    return plain and orientation not in _TURNS and box == (0, 0, *picture.size)


def _prepared(
    picture: Image.Image, orientation: int, box: Box, contract: InputContract
) -> Image.Image:
    """A box of the upright picture, opaque, as gray or RGB. It shares pixels where it can."""
    stored = _stored(box, picture.size, orientation)
    part = picture if stored == (0, 0, *picture.size) else picture.crop(stored)
    flat = _flattened(part, contract.background)
    return _turned(_in_color(flat, contract), orientation)


def _stored(box: Box, size: tuple[int, int], orientation: int) -> Box:
    """Where a box of the upright picture lies in the stored one of this size."""
    width, height = size
    left, top, right, bottom = box
    if orientation in (5, 6, 7, 8):
        left, top, right, bottom = top, left, bottom, right
    if orientation in (2, 3, 7, 8):
        left, right = width - right, width - left
    if orientation in (3, 4, 6, 7):
        top, bottom = height - bottom, height - top
    return left, top, right, bottom


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _flattened(picture: Image.Image, background: tuple[int, ...]) -> Image.Image:
    """RGB or L without alpha: `(c a + b (255 - a) + 127) // 255` per channel, exact integers."""
    transparent = picture.info.get("transparency")
    if picture.mode in (*_WIDE_GRAY, "L", "1", "RGB"):
        levels = _eight_bits(picture)
        if transparent is None:
            return levels
        # one gray level or colour is transparent; 16-bit gray is compared in 16 bits
        pixels = np.asarray(picture if picture.mode in _WIDE_GRAY else levels)
        match = pixels == np.asarray(transparent)
        flat = np.asarray(levels.convert("RGB")).copy()
        flat[match.all(axis=2) if match.ndim == 3 else match] = background
        return Image.fromarray(flat)
    if transparent is None and picture.mode not in ("LA", "La", "PA", "RGBA", "RGBa", "P"):
        return picture.convert("RGB")
    if transparent is None and picture.mode == "P" and not _palette_has_alpha(picture):
        return picture.convert("RGB")
    rgba = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    opaque = Image.new("RGB", picture.size, background)
    opaque.paste(rgba, mask=rgba)  # Pillow's blend is this very formula, in every version
    return opaque


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Gray as L, RGB as it is."""
    if picture.mode in _WIDE_GRAY:
        # the high byte, as browsers do; Pillow's own convert() would clip at 255
        wide = np.asarray(picture) >> 8
        return Image.fromarray(np.clip(wide, 0, 255).astype(np.uint8))
    return picture.convert("L") if picture.mode == "1" else picture


def _palette_has_alpha(picture: Image.Image) -> bool:
    return picture.palette is not None and picture.palette.mode.endswith("A")


def _in_color(picture: Image.Image, contract: InputContract) -> Image.Image:
    """Gray where the contract wants it. Gray stays gray until it is resized."""
    return picture.convert("L") if contract.color == "gray" and picture.mode != "L" else picture


def _resized(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Two calls, so that the horizontal pass comes first: Pillow 13 alone would choose the order
    by the picture's shape, older ones would not, and each pass rounds to 8 bits.
    """
    if picture.width != width:
        picture = picture.resize((width, picture.height), Image.Resampling.BILINEAR)
    if picture.height != height:
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return picture


def _background(mode: str, contract: InputContract) -> int | tuple[int, ...]:
    if mode == "RGB":
        return contract.background
    red, green, blue = contract.background
    return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16
