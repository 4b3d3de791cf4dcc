"""What a picture of the corpus is, and what has to become of it."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from PIL import Image

# what shows through transparent pixels, wherever the corpus says which pixels are expected
BACKGROUND = (30, 60, 90)

Outcome = Literal["label", "error", "either"]


@dataclass(frozen=True)
class Hostile:
    """A picture file that nobody would take with a camera.

    Attributes:
        name: family/what.suffix, unique; fit for a file's name but for the slash.
        content: the file. Some are made only when asked for: they take up to 60 MB.
        expected: "either" where the decoders' versions may differ.
        says: what the error's sentence holds.
        pixels: the upright picture over `BACKGROUND`, rows x columns x 3, where that is defined.
        tolerance: in grey levels, for lossy formats.
        browser: whether it can be given to a browser too: small, and in a format that one reads.
    """

    name: str
    make: Callable[[], bytes]
    expected: Outcome
    says: str = ""
    pixels: np.ndarray | None = field(default=None, compare=False)
    tolerance: int = 0
    browser: bool = True

    @property
    def content(self) -> bytes:
        return self.make()


def accepted(
    name: str,
    content: bytes | Callable[[], bytes],
    pixels: np.ndarray | None = None,
    **options: Any,
) -> Hostile:
    return Hostile(name, _maker(content), "label", pixels=pixels, **options)


def refused(name: str, content: bytes | Callable[[], bytes], says: str, **options: Any) -> Hostile:
    return Hostile(name, _maker(content), "error", says, **options)


def either(name: str, content: bytes | Callable[[], bytes], **options: Any) -> Hostile:
    return Hostile(name, _maker(content), "either", **options)


def _maker(content: bytes | Callable[[], bytes]) -> Callable[[], bytes]:
    return content if callable(content) else lambda: content


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def quadrants(width: int = 32, height: int = 24) -> np.ndarray:
    """Four flat colours, rows x columns x 3: they survive lossy formats, and tell every turn."""
    colours = np.array([[[200, 40, 40], [40, 200, 40]], [[40, 40, 200], [220, 220, 60]]], np.uint8)
    return colours.repeat(height // 2, 0).repeat(width // 2, 1)


def gradient(width: int = 48, height: int = 32) -> np.ndarray:
    """A smooth picture with every channel its own, rows x columns x 3."""
    y, x = np.mgrid[:height, :width]
    levels = [
        x * 255 // (width - 1),
        y * 255 // (height - 1),
        (x + y) * 255 // (width + height - 2),
    ]
    return np.stack(levels, axis=-1).astype(np.uint8)
