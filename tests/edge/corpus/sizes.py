"""Pictures of one pixel, of one row, and headers that promise more than there is."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.edge.corpus.hostile import Hostile, accepted, encoded, refused
from tests.edge.corpus.seeds import seeds
from tests.edge.corpus.writing import (
    PNG_END,
    bmp,
    chunk,
    gif_frame,
    gif_header,
    numbers,
    png_header,
    riff_chunk,
    tiff_picture,
    webp,
    webp_canvas,
)

TOO_LARGE = "expected at most 30,000,000 pixels"
TOO_HEAVY = "make it smaller"


def pictures() -> Iterator[Hostile]:
    yield from _thin()
    yield from _promises()
    yield from _just_too_large()


def _thin() -> Iterator[Hostile]:
    lossy = {"jpg": {"quality": 95}, "webp": {"lossless": True}}
    kinds = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "gif": "GIF", "bmp": "BMP", "tif": "TIFF"}
    for width, height in ((1, 1), (1, 500), (500, 1), (2, 3), (3, 65)):
        level = (np.arange(width * height) * 97 % 256).astype(np.uint8).reshape(height, width)
        for suffix, kind in kinds.items():
            content = encoded(Image.fromarray(level).convert("RGB"), kind, **lossy.get(suffix, {}))
            shown = np.repeat(level[..., None], 3, axis=-1)
            exact = suffix not in ("jpg", "gif")  # Pillow chooses a GIF's palette
            yield accepted(
                f"thin/{width}x{height}.{suffix}",
                content,
                shown if exact else None,
                browser=suffix != "tif",
            )
    for width, height in ((1, 65_500), (65_500, 1)):
        content = encoded(Image.new("L", (width, height), 99), "JPEG")
        yield accepted(f"thin/{width}x{height}.jpg", content, browser=False)
    for width, height in ((1, 100_000), (100_000, 1)):
        content = encoded(Image.new("L", (width, height), 99), "PNG")
        yield accepted(f"thin/{width}x{height}.png", content, browser=False)
    # few pixels, but the image between the two passes is 224 x 29 million, and the weights of a
    # filter over 29 million columns take 464 MB
    for width, height in ((1, 29_000_000), (29_000_000, 1)):
        yield refused(
            f"thin/{width}x{height}.png",
            lambda w=width, h=height: flat_png(w, h),
            TOO_HEAVY,
            browser=False,
        )


def flat_png(width: int, height: int, depth: int = 8, color: int = 0) -> bytes:
    """All zeros: a thousandth of the pixels' size."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    row = bytes(1 + (width * samples * depth + 7) // 8)
    packer = zlib.compressobj(1)
    block = max(1, 1_000_000 // len(row))
    parts = [packer.compress(row * min(block, height - y)) for y in range(0, height, block)]
    data = b"".join([*parts, packer.flush()])
    palette = chunk(b"PLTE", bytes(6)) if color == 3 else b""
    return png_header(width, height, depth, color) + palette + chunk(b"IDAT", data) + PNG_END


def _promises() -> Iterator[Hostile]:
    """30,000 x 30,000 and other sizes in the header, and no pixels to speak of."""
    whole = seeds()
    some = chunk(b"IDAT", zlib.compress(bytes(10_000)))
    for width, height in (
        (30_000, 30_000),
        (65_535, 65_535),
        (2**31 - 1, 2**31 - 1),
        (1, 2**31 - 1),
    ):
        for depth, color in ((1, 0), (8, 2), (16, 6)):
            name = f"promises/{width}x{height}-{depth}-{color}.png"
            yield refused(name, png_header(width, height, depth, color) + some + PNG_END, TOO_LARGE)
    for width, height in ((0, 0), (0, 9), (9, 0), (2**32 - 1, 1), (2**31, 2**31)):
        content = png_header(width, height, 8, 2) + some + PNG_END
        yield refused(f"promises/{width}x{height}.png", content, "")
    for seed in ("baseline.jpg", "progressive.jpg", "cmyk.jpg"):
        at = max(whole[seed].find(marker) for marker in (b"\xff\xc0\0", b"\xff\xc2\0")) + 5
        for width, height in ((30_000, 30_000), (65_535, 65_535), (0, 0), (48, 0), (0, 32)):
            content = whole[seed][:at] + struct.pack(">HH", height, width) + whole[seed][at + 4 :]
            says = TOO_LARGE if width * height else ""
            yield refused(f"promises/{width}x{height}-{seed}", content, says)
    indices = np.zeros((4, 4), np.uint8)
    for side in (30_000, 65_535):
        screen = gif_header(side, side) + gif_frame(indices) + b";"
        yield refused(f"promises/screen-{side}.gif", screen, TOO_LARGE)
        frame = gif_frame(indices).replace(
            struct.pack("<HH", 4, 4), struct.pack("<HH", side, side), 1
        )
        yield refused(f"promises/frame-{side}.gif", gif_header(4, 4) + frame + b";", TOO_LARGE)
        far = gif_header(4, 4) + gif_frame(indices, left=side, top=side) + b";"
        yield refused(f"promises/far-away-{side}.gif", far, TOO_LARGE)
    yield refused("promises/screen-0.gif", gif_header(0, 0) + gif_frame(indices[:0, :0]) + b";", "")
    for width, height in (
        (30_000, 30_000),
        (2**31 - 1, 2**31 - 1),
        (30_000, -30_000),
        (0, 0),
        (-9, 9),
    ):
        for bits in (1, 24, 32):
            says = TOO_LARGE if width > 0 else ""
            yield refused(
                f"promises/{width}x{height}-{bits}.bmp",
                bmp(width, height, bits, bytes(100), palette=bytes(8)),
                says,
            )
    yield refused("promises/lowest-height.bmp", bmp(9, -(2**31), 24, bytes(100)), "")
    for side in (16_383, 30_000, 1 << 24):
        lossy = whole["lossy.webp"][12:]
        yield refused(
            f"promises/canvas-{side}.webp", webp(webp_canvas(side, side), lossy), TOO_LARGE
        )
    side = 16_383
    lossless = riff_chunk(b"VP8L", b"\x2f" + struct.pack("<I", side | side << 14) + bytes(40))
    yield refused("promises/lossless.webp", webp(lossless), TOO_LARGE)
    frame = b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", side, side)
    yield refused("promises/lossy.webp", webp(riff_chunk(b"VP8 ", frame + bytes(40))), TOO_LARGE)
    level = np.zeros((4, 4, 1), np.uint8)
    for width, height in ((30_000, 30_000), (2**32 - 1, 2**32 - 1), (0, 4), (4, 0)):
        size = numbers(256, width, kind=4), numbers(257, height, kind=4)
        says = TOO_LARGE if width * height else ""
        yield refused(f"promises/{width}x{height}.tif", tiff_picture(level, 8, 1, *size), says)
    for tag in (322, 323):
        tiles = numbers(322, 65_520, kind=4), numbers(323, 65_520, kind=4), numbers(259, 8)
        places = numbers(324, 8, kind=4), numbers(325, 16, kind=4)
        yield refused(
            f"promises/tile-{tag}.tif", tiff_picture(level, 8, 1, *tiles, *places), TOO_HEAVY
        )


def _just_too_large() -> Iterator[Hostile]:
    """Whole pictures on both sides of the limits: 30 million pixels, and 120 MB."""
    for name, width, height, depth, color, fits in (
        ("gray-1", 6_000, 5_000, 1, 0, True),
        ("gray-8", 6_000, 5_000, 8, 0, True),
        ("gray-16", 5_800, 4_900, 16, 0, True),
        ("palette", 6_000, 5_000, 8, 3, True),
        ("rgb", 5_800, 4_900, 8, 2, True),
        ("rgba-16", 5_800, 4_900, 16, 6, True),
        ("gray-8-too-large", 6_001, 5_000, 8, 0, False),
        ("rgb-too-heavy", 6_000, 5_000, 8, 2, False),
    ):
        make = lambda w=width, h=height, d=depth, c=color: flat_png(w, h, d, c)  # noqa: E731
        if fits:
            yield accepted(f"large/{name}.png", make, browser=False)
        else:
            yield refused(f"large/{name}.png", make, "expected", browser=False)
    rgb = ("baseline", 6_000, 4_600, {}, True), ("too-heavy", 6_000, 4_980, {}, False)
    several = ("progressive", 4_600, 3_500, {"progressive": True}, True)
    heavy = ("progressive-too-heavy", 4_600, 4_000, {"progressive": True}, False)
    for name, width, height, options, fits in (*rgb, several, heavy):

        def make(w: int = width, h: int = height, o: dict = options) -> bytes:
            return encoded(Image.new("RGB", (w, h), (9, 99, 199)), "JPEG", **o)

        yield (
            accepted(f"large/{name}.jpg", make, browser=False)
            if fits
            else refused(f"large/{name}.jpg", make, TOO_HEAVY, browser=False)
        )
    for name, width, height, fits in (
        ("4k", 3_840, 2_160, True),
        ("too-heavy", 4_000, 3_000, False),
    ):

        def make(w: int = width, h: int = height) -> bytes:
            return encoded(Image.new("RGB", (w, h), (9, 99, 199)), "WEBP", method=0)

        yield (
            accepted(f"large/{name}.webp", make, browser=False)
            if fits
            else refused(f"large/{name}.webp", make, TOO_HEAVY, browser=False)
        )
