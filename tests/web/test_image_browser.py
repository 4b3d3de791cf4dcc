"""Encoded pictures through a real browser's decoder against Pillow's, byte by byte."""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import image_from_file

# the very modules that the page's worker runs
DECODE = """async ({base64, contract}) => {
    const page = document.querySelector("script[src]").src;
    const {imageFromFile} = await import(new URL("../js/decode.js", page));
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const image = await imageFromFile(bytes, contract);
    return btoa(Array.from(image, (v) => String.fromCharCode(v)).join(""));
}"""
CONTRACTS = [InputContract(23, 37, "rgb", "pad", (9, 120, 240)), InputContract(8, 8, "gray")]
# wider than the picture, so that nothing is averaged away
EXACT = InputContract(41, 67, "rgb", "stretch", (30, 60, 90))
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def exif(orientation: int) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    return made


def pictures() -> Iterator[tuple[str, bytes]]:
    """One small file for each way of storing pixels that browsers and Pillow both read."""
    rng = np.random.default_rng(2)
    coarse = Image.fromarray(rng.integers(0, 256, (7, 9, 4), dtype=np.uint8))
    rgba = coarse.resize((67, 41), Image.Resampling.BICUBIC)
    rgb, gray = rgba.convert("RGB"), rgba.convert("L")
    for orientation in range(1, 9):
        tag = exif(orientation)
        yield f"JPEG orientation {orientation}", encoded(rgb, "JPEG", quality=90, exif=tag)
        yield f"PNG orientation {orientation}", encoded(rgba, "PNG", exif=tag)
        yield f"WebP orientation {orientation}", encoded(rgb, "WEBP", lossless=True, exif=tag)
    for name, subsampling in (("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)):
        yield f"JPEG {name}", encoded(rgb, "JPEG", quality=75, subsampling=subsampling)
    yield "JPEG progressive", encoded(rgb, "JPEG", progressive=True)
    yield "JPEG gray", encoded(gray, "JPEG")
    yield "JPEG XMP orientation", encoded(rgb, "JPEG", xmp=XMP)
    yield "PNG RGB", encoded(rgb, "PNG")
    yield "PNG RGBA", encoded(rgba, "PNG")
    yield "PNG gray", encoded(gray, "PNG")
    yield "PNG gray with alpha", encoded(rgba.convert("LA"), "PNG")
    yield "PNG one bit", encoded(gray.convert("1"), "PNG")
    yield "PNG palette", encoded(rgb.quantize(37), "PNG")
    yield "PNG palette, transparent", encoded(rgb.quantize(16), "PNG", transparency=3)
    yield "PNG palette, alpha", encoded(rgba.quantize(32), "PNG")
    wide = np.asarray(gray).astype(np.uint16) * 257 + 100
    yield (
        "PNG 16-bit gray",
        encoded(Image.fromarray(np.minimum(wide, 65535).astype(np.uint16)), "PNG"),
    )
    yield "WebP lossy", encoded(rgb, "WEBP", quality=80)
    yield "WebP lossless, alpha", encoded(rgba, "WEBP", lossless=True)
    yield "WebP lossy, alpha", encoded(rgba, "WEBP", quality=80)
    yield "GIF", encoded(rgb.quantize(64), "GIF")
    yield "GIF, transparent", encoded(rgb.quantize(64), "GIF", transparency=5)
    yield "BMP", encoded(rgb, "BMP")


@pytest.fixture
def decode(
    page: Page, serve: Callable[..., str], digits_bundle: Path
) -> Callable[[bytes, InputContract], bytes]:
    page.goto(serve(digits_bundle) + "verify.html")

    def run(content: bytes, contract: InputContract) -> bytes:
        asked = {"base64": base64.b64encode(content).decode(), "contract": asdict(contract)}
        return base64.b64decode(page.evaluate(DECODE, asked))

    return run


def test_browser_makes_the_same_image_of_every_file(
    decode: Callable[[bytes, InputContract], bytes],
) -> None:
    different = {}
    compared = 0
    for name, content in pictures():
        for contract in (EXACT, *CONTRACTS):
            want = image_from_file(content, contract)
            got = np.frombuffer(decode(content, contract), np.uint8).reshape(want.shape)
            worst = int(np.abs(got.astype(int) - want.astype(int)).max())
            compared += 1
            if worst:
                different[f"{name}, {contract.width} x {contract.height}"] = worst
    assert compared == 3 * 45
    assert different == {}


def test_what_is_not_a_picture_is_said(
    decode: Callable[[bytes, InputContract], bytes],
) -> None:
    with pytest.raises(Exception, match="expected a picture that this browser can decode"):
        decode(b"these bytes are text", EXACT)
