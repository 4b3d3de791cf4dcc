"""Some 250 whole pictures: each way of storing pixels that browsers and Pillow both read, in sizes
from 1 to 4000 and every aspect, and the contracts that they are made to images by.
"""

import io
import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from edgeproof.edge.contract import InputContract
from tests.edge.corpus.writing import chunk, exif, png, riff_chunk, segment, webp, webp_canvas
from tests.edge.corpus.writing import with_segments as jpeg_with

CONTRACTS = [
    InputContract(8, 8, "gray"),
    InputContract(28, 28, "gray", "pad", (10, 200, 30)),
    InputContract(31, 17, "gray", "crop"),
    InputContract(32, 32, "rgb", "crop"),
    InputContract(61, 33, "rgb", "pad", (124, 116, 104)),
    InputContract(40, 56, "rgb", "stretch", (255, 255, 255)),
    InputContract(1, 1, "gray", "crop"),
    InputContract(5, 96, "rgb", "pad", (9, 120, 240)),
]
# as large as most of the pictures, so that nothing is averaged away
EXACT = InputContract(41, 67, "rgb", "stretch", (30, 60, 90))

SIZES = [
    *[(1, 1), (1, 2), (2, 1), (3, 2), (5, 7), (8, 8), (9, 16), (17, 17), (28, 28), (31, 33)],
    *[(64, 48), (97, 41), (100, 100), (133, 200), (224, 224), (255, 256), (257, 129), (500, 1)],
    *[(1, 700), (640, 3), (3, 1000), (1, 4000), (4000, 2), (4000, 31), (29, 3999), (768, 512)],
]
_XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
_GRAY, _RGB, _LA, _RGBA = 0, 2, 4, 6


def contracts_for(index: int) -> list[InputContract]:
    """Three of the contracts, others for the next picture."""
    return [EXACT, *(CONTRACTS[(2 * index + i) % len(CONTRACTS)] for i in range(2))]


@cache
def fixture_pictures() -> dict[str, bytes]:
    """By name; the same whenever."""
    families = (_sizes(), _orientations(), _jpegs(), _pngs(), _others(), _profiles())
    pictures = list(itertools.chain.from_iterable(families))
    assert len({name for name, _ in pictures}) == len(pictures)
    return dict(pictures)


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _picture(width: int = 67, height: int = 41) -> Image.Image:
    """Smooth in RGBA, with every level of alpha; noise where it is too small to be smooth."""
    rng = np.random.default_rng(width * 10_000 + height)
    shape = max(1, height // 6), max(1, width // 6), 4
    coarse = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def _sizes() -> Iterator[tuple[str, bytes]]:
    for width, height in SIZES:
        rgba = _picture(width, height)
        rgb, name = rgba.convert("RGB"), f"{width} x {height}"
        yield f"{name} JPEG", encoded(rgb, "JPEG", quality=85)
        yield f"{name} JPEG gray", encoded(rgb.convert("L"), "JPEG")
        yield f"{name} PNG", encoded(rgb, "PNG")
        yield f"{name} PNG alpha", encoded(rgba, "PNG")
        yield f"{name} WebP", encoded(rgb, "WEBP", quality=70)
    # sides that no video frame has, nor a canvas that is as wide
    for width, height in ((40_000, 3), (3, 40_000)):
        yield f"{width} x {height} JPEG", encoded(_picture(width, height).convert("RGB"), "JPEG")
    large = encoded(_picture(2000, 1500).convert("RGB"), "JPEG")
    yield "3 megapixels JPEG, turned", jpeg_with(large, segment(0xE1, b"Exif\0\0" + exif(6)))


def _orientations() -> Iterator[tuple[str, bytes]]:
    rgba = _picture()
    rgb = rgba.convert("RGB")
    pixels = np.asarray(rgba)
    jpeg = encoded(rgb, "JPEG", quality=90)
    lossless = encoded(rgba, "WEBP", lossless=True)[12:]
    canvas = webp_canvas(67, 41, 0x18)
    for value in range(1, 9):
        block = exif(value)
        yield f"JPEG orientation {value}", jpeg_with(jpeg, segment(0xE1, b"Exif\0\0" + block))
        yield f"PNG orientation {value}", png(pixels, 8, _RGBA, before=chunk(b"eXIf", block))
        yield f"WebP orientation {value}", webp(canvas, lossless, riff_chunk(b"EXIF", block))
        text = b"<tiff:Orientation>%d</tiff:Orientation>" % value
        xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + text)
        yield f"JPEG XMP orientation {value}", jpeg_with(jpeg, xmp)
    data = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _XMP)
    yield "PNG XMP orientation", png(pixels, 8, _RGBA, before=data)
    yield (
        "WebP XMP orientation",
        webp(webp_canvas(67, 41, 0x14), lossless, riff_chunk(b"XMP ", _XMP)),
    )


def _jpegs() -> Iterator[tuple[str, bytes]]:
    for width, height in ((67, 41), (16, 16), (33, 130)):
        rgb, size = _picture(width, height).convert("RGB"), f"{width} x {height}"
        for name, subsampling in (("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)):
            for progressive in (False, True):
                content = encoded(
                    rgb, "JPEG", quality=75, subsampling=subsampling, progressive=progressive
                )
                yield f"JPEG {name}{' progressive' if progressive else ''} {size}", content
        yield f"JPEG of low quality {size}", encoded(rgb, "JPEG", quality=5)
        yield f"JPEG of high quality {size}", encoded(rgb, "JPEG", quality=100)
        yield f"JPEG CMYK {size}", encoded(rgb.convert("CMYK"), "JPEG", quality=95)
        yield f"JPEG restarts {size}", encoded(rgb, "JPEG", restart_marker_rows=1)
    cmyk = np.random.default_rng(3).integers(0, 256, (41, 67, 4), dtype=np.uint8)
    for name in ("JPEG CMYK with all inks", "JPEG CMYK with all inks, progressive"):
        picture = Image.fromarray(cmyk, "CMYK")
        yield name, encoded(picture, "JPEG", quality=95, progressive="progressive" in name)


def _pngs() -> Iterator[tuple[str, bytes]]:
    rgba = _picture()
    rgb, gray = rgba.convert("RGB"), rgba.convert("L")
    yield "PNG gray with alpha", encoded(rgba.convert("LA"), "PNG")
    yield "PNG one bit", encoded(gray.convert("1"), "PNG")
    for colors in (2, 4, 16, 37, 256):
        yield f"PNG palette of {colors}", encoded(rgb.quantize(colors), "PNG")
        yield f"PNG palette of {colors}, alpha", encoded(rgba.quantize(colors), "PNG")
    yield "PNG palette, transparent", encoded(rgb.quantize(16), "PNG", transparency=3)
    yield "PNG gray, transparent", encoded(gray, "PNG", transparency=gray.getpixel((9, 9)))
    yield "PNG RGB, transparent", encoded(rgb, "PNG", transparency=rgb.getpixel((9, 9)))
    wide = np.random.default_rng(4).integers(0, 65_536, (41, 67, 4)).astype(np.uint16)
    for name, color, channels in (("gray", _GRAY, 1), ("RGB", _RGB, 3), ("alpha", _RGBA, 4)):
        for woven in (False, True):
            content = png(wide[..., :channels], 16, color, interlace=woven)
            yield f"PNG 16-bit {name}{' woven' if woven else ''}", content
    yield "PNG 16-bit gray with alpha", png(wide[..., :2], 16, _LA)
    frames = [rgb.rotate(90 * i) for i in range(3)]
    yield "PNG animated", encoded(rgb, "PNG", save_all=True, append_images=frames[1:])


def _others() -> Iterator[tuple[str, bytes]]:
    for width, height in ((67, 41), (16, 17), (301, 5)):
        rgba = _picture(width, height)
        rgb, size = rgba.convert("RGB"), f"{width} x {height}"
        yield f"WebP lossless {size}", encoded(rgb, "WEBP", lossless=True)
        yield f"WebP lossless, alpha {size}", encoded(rgba, "WEBP", lossless=True)
        yield f"WebP lossy, alpha {size}", encoded(rgba, "WEBP", quality=80)
        yield f"WebP of low quality {size}", encoded(rgb, "WEBP", quality=1)
        yield f"GIF {size}", encoded(rgb.quantize(64), "GIF")
        yield f"GIF, transparent {size}", encoded(rgb.quantize(64), "GIF", transparency=5)
        yield f"BMP {size}", encoded(rgb, "BMP")
        yield f"BMP palette {size}", encoded(rgb.quantize(50), "BMP")
        yield f"BMP gray {size}", encoded(rgb.convert("L"), "BMP")
        yield f"BMP one bit {size}", encoded(rgb.convert("1"), "BMP")
    turned = [_picture().convert("RGB").rotate(90 * i) for i in range(3)]
    still, *more = [frame.quantize(32) for frame in turned]
    yield "GIF animated", encoded(still, "GIF", save_all=True, append_images=more)
    yield "WebP animated", encoded(turned[0], "WEBP", save_all=True, append_images=turned[1:])


def _profiles() -> Iterator[tuple[str, bytes]]:
    """A profile that has red and green change places, and other claims about colours."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    odd = profile.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    assert odd != profile
    rgb = _picture().convert("RGB")
    pixels = np.asarray(rgb)
    yield "JPEG profile", encoded(rgb, "JPEG", icc_profile=odd)
    yield "JPEG CMYK profile", encoded(rgb.convert("CMYK"), "JPEG", icc_profile=odd)
    yield "PNG profile", encoded(rgb, "PNG", icc_profile=odd)
    yield "WebP profile", encoded(rgb, "WEBP", icc_profile=odd)
    yield "WebP lossless profile", encoded(rgb, "WEBP", lossless=True, icc_profile=odd)
    for kind, data in (
        (b"gAMA", (100_000).to_bytes(4, "big")),
        (b"gAMA", (220_000).to_bytes(4, "big")),
        (b"cICP", bytes([9, 16, 0, 1])),  # BT.2020 with PQ
        (b"sBIT", bytes([5, 6, 5])),
        (b"bKGD", bytes(6)),
    ):
        name = f"PNG {kind.decode()} {data.hex()}"
        yield name, png(pixels, 8, _RGB, before=chunk(kind, data))
