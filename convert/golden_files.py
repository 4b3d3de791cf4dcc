"""Encoded pictures whose whole path, from decoding to resizing, every runtime repeats."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

_ORIENTATION = 0x0112
# what brings an upright picture into the position that the EXIF value says it was taken in
_INVERSE = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
# below this JPEG blocks, alpha ramps and odd crops would have nothing to work on
_SMALLEST_SIDE = 64


@dataclass(frozen=True)
class EncodedPicture:
    """A picture file: its name, what it tries, and its bytes."""

    name: str
    description: str
    content: bytes


def encoded_pictures(pictures: Sequence[Image.Image]) -> tuple[EncodedPicture, ...]:
    """One file per kind of encoding, from the given pictures in turn (at least one)."""
    if not pictures:
        raise ValueError("expected at least one picture, got none")
    encoded = []
    for number, (stem, description, encode) in enumerate(_KINDS):
        picture = pictures[number % len(pictures)]
        name = f"{number + 1:02}-{stem}"
        encoded.append(EncodedPicture(name, description, encode(picture)))
    return tuple(encoded)


def pictures_from_run(run: Path) -> list[Image.Image]:
    """The example pictures that training put aside, in their native size."""
    folder = run / "examples"
    if not folder.is_dir():
        return []
    pictures = []
    for path in sorted(folder.iterdir()):
        with Image.open(path) as opened:
            pictures.append(ImageOps.exif_transpose(opened).convert("RGB"))
    return pictures


def pictures_from_images(images: np.ndarray) -> list[Image.Image]:
    """Golden images (uint8, N x H x W x C) as pictures, enlarged where they are tiny."""
    return [_enlarged(Image.fromarray(i[..., 0] if i.shape[-1] == 1 else i)) for i in images[:10]]


def _native_rgb(picture: Image.Image) -> bytes:
    return _saved(_colored(picture), "PNG")


def _native_gray(picture: Image.Image) -> bytes:
    return _saved(picture.convert("L"), "PNG")


def _jpeg(picture: Image.Image) -> bytes:
    return _saved(_colored(_enlarged(picture)), "JPEG", quality=90, subsampling="4:2:0")


def _oriented(orientation: int, form: str) -> Callable[[Image.Image], bytes]:
    def encode(picture: Image.Image) -> bytes:
        # not square, so that a forgotten rotation shows in the shape too
        upright = _stretched(_colored(_enlarged(picture)), 1.25)
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation
        return _saved(upright.transpose(_INVERSE[orientation]), form, exif=exif.tobytes())

    return encode


def _alpha(picture: Image.Image) -> bytes:
    picture = _colored(_enlarged(picture))
    ramp = np.linspace(0, 255, picture.width).round().astype(np.uint8)
    alpha = Image.fromarray(np.tile(ramp, (picture.height, 1)))
    picture.putalpha(alpha)
    return _saved(picture, "PNG")


def _palette(picture: Image.Image) -> bytes:
    return _saved(_colored(_enlarged(picture)).quantize(64), "PNG")


def _webp(picture: Image.Image) -> bytes:
    return _saved(_colored(_enlarged(picture)), "WEBP", lossless=True)


def _odd_aspect(picture: Image.Image) -> bytes:
    return _saved(_colored(picture).resize((211, 53), Image.Resampling.BICUBIC), "PNG")


_KINDS: tuple[tuple[str, str, Callable[[Image.Image], bytes]], ...] = (
    ("rgb.png", "PNG, RGB, native size", _native_rgb),
    ("gray.png", "PNG, gray, native size", _native_gray),
    ("420.jpg", "JPEG, chroma 4:2:0", _jpeg),
    ("exif6.jpg", "JPEG, EXIF orientation 6", _oriented(6, "JPEG")),
    ("exif7.jpg", "JPEG, EXIF orientation 7 (mirrored)", _oriented(7, "JPEG")),
    ("alpha.png", "PNG with alpha", _alpha),
    ("palette.png", "PNG with a palette of 64 colours", _palette),
    ("exif8.png", "PNG, EXIF orientation 8", _oriented(8, "PNG")),
    ("exif3.webp", "WebP, EXIF orientation 3", _oriented(3, "WEBP")),
    ("lossless.webp", "WebP, lossless", _webp),
    ("odd.png", "PNG, 211 x 53 pixels", _odd_aspect),
)


def _colored(picture: Image.Image) -> Image.Image:
    """RGB; a gray picture is tinted, so that a wrong luma formula or channel order shows."""
    rgb = picture.convert("RGB")
    red, green, blue = (np.asarray(band) for band in rgb.split())
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return ImageOps.colorize(picture.convert("L"), black=(12, 0, 40), white=(255, 244, 214))
    return rgb


def _enlarged(picture: Image.Image) -> Image.Image:
    factor = -(-_SMALLEST_SIDE // min(picture.size))
    if factor <= 1:
        return picture
    size = picture.width * factor, picture.height * factor
    return picture.resize(size, Image.Resampling.BICUBIC)


def _stretched(picture: Image.Image, factor: float) -> Image.Image:
    return picture.resize((round(picture.width * factor), picture.height))


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()
