"""Faults of the Python half of the input contract, `edge/image.py`: from a file to an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from edgeproof.edge import image
from edgeproof.edge.contract import InputContract
from tests.parity.mutants.mutant import Ground, Mutant

Picture = Image.Image


def replaced(name: str, function: Callable[..., Any]) -> Callable[[Ground], None]:
    """A fault: another function of that name in `edge.image`."""

    def seed(ground: Ground) -> None:
        assert hasattr(image, name)
        ground.patch.setattr(image, name, function)

    return seed


def resized_by(filter_: Image.Resampling) -> Callable[[Ground], None]:
    return replaced("_resized", lambda p, width, height: p.resize((width, height), filter_))


def without_antialias(picture: Picture, width: int, height: int) -> Picture:
    """Two-tap bilinear, as `tf.image.resize` and OpenCV do it by default."""
    pixels = np.asarray(picture).astype(np.float64)
    rows = np.clip((np.arange(height) + 0.5) * picture.height / height - 0.5, 0, None)
    columns = np.clip((np.arange(width) + 0.5) * picture.width / width - 0.5, 0, None)
    for axis, places in ((0, rows), (1, columns)):
        low = np.minimum(places.astype(int), pixels.shape[axis] - 1)
        high = np.minimum(low + 1, pixels.shape[axis] - 1)
        share = (places - low).reshape([-1 if a == axis else 1 for a in range(pixels.ndim)])
        pixels = pixels.take(low, axis) * (1 - share) + pixels.take(high, axis) * share
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def half_a_pixel_off(picture: Picture, width: int, height: int) -> Picture:
    box = (0.5, 0.5, picture.width, picture.height)
    return picture.resize((width, height), Image.Resampling.BILINEAR, box=box)


def floored(picture: Picture, width: int, height: int) -> Picture:
    """In floating point, and cut off where it has to be rounded."""
    planes = [
        np.asarray(
            plane.convert("F").resize((width, height), Image.Resampling.BILINEAR), np.float64
        )
        for plane in picture.split()
    ]
    return Image.merge(
        picture.mode, [Image.fromarray(np.floor(p + 1e-3).astype(np.uint8)) for p in planes]
    )


def over_black(picture: Picture, _: tuple[int, ...]) -> Picture:
    if not picture.has_transparency_data:
        return picture.convert("L" if picture.mode == "L" else "RGB")
    black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, picture.convert("RGBA")).convert("RGB")


def premultiplied(picture: Picture, background: tuple[int, ...]) -> Picture:
    """Alpha is multiplied in twice, as when a canvas gives premultiplied colours."""
    if not picture.has_transparency_data:
        return picture.convert("L" if picture.mode == "L" else "RGB")
    pixels = np.asarray(picture.convert("RGBA")).astype(np.uint32)
    color, alpha = pixels[..., :3], pixels[..., 3:]
    behind = np.asarray(background, np.uint32)
    mixed = (color * alpha // 255 * alpha + behind * (255 - alpha) + 127) // 255
    return Image.fromarray(mixed.astype(np.uint8))


def alpha_ignored(picture: Picture, _: tuple[int, ...]) -> Picture:
    return picture.convert("L" if picture.mode == "L" else "RGB")


def bgr(picture: Picture, contract: InputContract) -> Picture:
    del contract
    red, green, blue = picture.convert("RGB").split()
    return Image.merge("RGB", (blue, green, red))


def mean_of_channels(picture: Picture, contract: InputContract) -> Picture:
    """Gray as the mean of the three, in place of ITU-R 601 luma."""
    del contract
    mean = np.asarray(picture.convert("RGB")).astype(np.float64).mean(axis=2)
    return Image.fromarray(np.rint(mean).astype(np.uint8))


def bt709(picture: Picture, contract: InputContract) -> Picture:
    del contract
    luma = np.asarray(picture.convert("RGB")) @ np.array([0.2126, 0.7152, 0.0722])
    return Image.fromarray(np.rint(luma).astype(np.uint8))


def mutant(name: str, change: str, seed: Callable[[Ground], None], model: str) -> Mutant:
    return Mutant(f"picture-{name}", change, "file-images", seed, model=model)


MUTANTS = (
    mutant(
        "nearest", "resizes by the nearest pixel", resized_by(Image.Resampling.NEAREST), "digits"
    ),
    mutant("bicubic", "resizes by cubic splines", resized_by(Image.Resampling.BICUBIC), "digits"),
    mutant(
        "no-antialias",
        "bilinear without antialiasing",
        replaced("_resized", without_antialias),
        "colour",
    ),
    mutant(
        "half-pixel",
        "resizes half a pixel beside",
        replaced("_resized", half_a_pixel_off),
        "digits",
    ),
    mutant("floor", "cuts off where it has to round", replaced("_resized", floored), "colour"),
    mutant(
        "exif",
        "ignores the EXIF orientation",
        replaced("_turned", lambda picture, _: picture),
        "digits",
    ),
    mutant("alpha-black", "flattens alpha on black", replaced("_flattened", over_black), "colour"),
    mutant(
        "premultiplied",
        "multiplies alpha in twice",
        replaced("_flattened", premultiplied),
        "colour",
    ),
    mutant("alpha-ignored", "drops alpha", replaced("_flattened", alpha_ignored), "colour"),
    mutant("bgr", "red and blue are swapped", replaced("_in_color", bgr), "colour"),
    mutant(
        "mean-gray",
        "gray is the mean of the channels",
        replaced("_in_color", mean_of_channels),
        "digits",
    ),
    mutant("bt709", "gray by the luma of ITU-R 709", replaced("_in_color", bt709), "digits"),
)
