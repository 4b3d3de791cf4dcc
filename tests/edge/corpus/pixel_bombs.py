"""A few bytes that become many pixels, many frames, or much work."""

import struct
import zlib
from collections.abc import Iterator
from functools import partial

import numpy as np
from PIL import Image

from tests.edge.corpus.hostile import Hostile, accepted, either, encoded, gradient, refused
from tests.edge.corpus.writing import (
    PNG_END,
    bmp,
    chunk,
    gif_frame,
    gif_header,
    jpeg_frame,
    numbers,
    png,
    png_header,
    riff_chunk,
    segment,
    sub_blocks,
    tiff,
    tiff_picture,
    webp,
    webp_canvas,
)

PIXELS = gradient(16, 8)

survived = partial(accepted, browser=False)
stopped = partial(refused, browser=False)


def pictures() -> Iterator[Hostile]:
    yield from _frames()
    yield from _inflated()
    yield from _scans()
    yield from _run_length()


def _frames() -> Iterator[Hostile]:
    """Animations of which the first frame is wanted."""
    few = png(PIXELS, 8, 2, before=_png_control(), after=_png_frames(2_000))
    yield survived("bombs/2,000-frames.png", few, PIXELS)
    many = partial(_animated_png, 100_000)
    yield stopped("bombs/100,000-frames.png", many, "at most 100,000 chunks")
    indices = (np.arange(48).reshape(6, 8) // 5 % 4).astype(np.uint8)
    head, frame = gif_header(8, 6), gif_frame(indices)
    shown = np.frombuffer(bytes(range(12)), np.uint8).reshape(-1, 3)[indices]
    yield survived("bombs/100,000-frames.gif", lambda: head + frame * 100_000 + b";", shown)
    trailing = sub_blocks(bytes(5_000_000))
    yield survived("bombs/5-mb-after-a-frame.gif", head + frame[:-1] + trailing + b"\0;", shown)
    place = bytes(6) + (47).to_bytes(3, "little") + (31).to_bytes(3, "little") + bytes(4)
    flat = encoded(Image.new("RGB", (48, 32), (1, 2, 3)), "WEBP", lossless=True)[12:]
    moving = webp_canvas(48, 32, 0x12), riff_chunk(b"ANIM", bytes(6))
    frames = riff_chunk(b"ANMF", place + flat)
    make = lambda: webp(*moving, frames * 99_000)  # noqa: E731
    yield survived("bombs/99,000-frames.webp", make)


def _animated_png(frames: int) -> bytes:
    return png(PIXELS, 8, 2, before=_png_control(), after=_png_frames(frames))


def _png_control() -> bytes:
    return chunk(b"acTL", struct.pack(">II", 100_000, 0))


def _png_frames(count: int) -> bytes:
    pixel = zlib.compress(bytes(4))
    return b"".join(
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 2 * i + 1, 1, 1, 0, 0, 1, 1, 0, 0))
        + chunk(b"fdAT", struct.pack(">I", 2 * i + 2) + pixel)
        for i in range(count)
    )


def _inflated() -> Iterator[Hostile]:
    """Pixels are few; what their data inflates to is not."""
    deflated = zlib.compress(bytes(300_000_000), 1)
    nothing = np.zeros_like(PIXELS)
    zeros = png_header(16, 8, 8, 2) + chunk(b"IDAT", deflated) + PNG_END
    yield survived("bombs/300-mb-for-16x8-pixels.png", zeros, nothing)
    fields = {256: 16, 257: 8, 258: 8, 259: 8, 262: 1, 273: 8, 277: 1, 278: 8}
    entries = [numbers(tag, value) for tag, value in fields.items()]
    strip = tiff([*entries, numbers(279, len(deflated), kind=4)], deflated)
    yield survived("bombs/300-mb-in-one-strip.tif", strip, nothing)
    strips = numbers(273, *[8] * 60_000, kind=4), numbers(279, *[16] * 60_000, kind=4)
    tall = partial(tiff_picture, np.zeros((1, 16, 1)), 8, 1, numbers(257, 60_000), *strips)
    yield survived("bombs/60,000-strips.tif", partial(tall, numbers(278, 1)))
    raw = b"".join(b"\0" + row.tobytes() for row in PIXELS)
    pieces = chunk(b"IDAT", b"") * 60_000 + chunk(b"IDAT", zlib.compress(raw))
    floods = png_header(16, 8, 8, 2) + pieces + PNG_END
    yield stopped("bombs/60,000-empty-pixel-chunks.png", floods, "in 100,000 pieces")


def _scans() -> Iterator[Hostile]:
    """Scans that send the decoder over all pixels again."""
    yield survived("bombs/100-scans.jpg", partial(scans, 1_000, 800, 100))
    too_many = "scans of 2000 x 1500"
    yield stopped("bombs/a-thousand-scans.jpg", partial(scans, 2_000, 1_500, 1_000), too_many)
    too_many = "scans of 64 x 64"
    yield stopped("bombs/a-million-scans.jpg", partial(scans, 64, 64, 1_000_000), too_many)
    # a sequential picture ends with its first whole scan: libjpeg goes through no other
    yield stopped("bombs/300-whole-scans.jpg", partial(whole_scans, 300), "cannot be decoded")


def scans(width: int, height: int, count: int) -> bytes:
    """A progressive JPEG of nothing, refined `count` times, for a few bytes each."""
    blocks = -(-width // 8) * -(-height // 8)
    tables = segment(0xDB, b"\0" + b"\1" * 64)
    one_code = bytes([1, *[0] * 15])
    # the only code for DC: no difference; for AC: the end of a band of 2^14 blocks and more
    tables += segment(0xC4, b"\0" + one_code + b"\0") + segment(0xC4, b"\x10" + one_code + b"\xe0")
    first = segment(0xDA, bytes([1, 1, 0, 0, 0, 1])) + bytes(blocks // 8 + 1)
    bits = ("0" + "1" * 14) * (blocks // 32_767 + 1)
    bits += "1" * (-len(bits) % 8)
    run = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    refined = segment(0xDA, bytes([1, 1, 0, 1, 63, 0x10])) + run
    frame = jpeg_frame(0xC2, width, height, [0x11])
    return b"\xff\xd8" + tables + frame + first + refined * count + b"\xff\xd9"


def whole_scans(count: int) -> bytes:
    """A sequential JPEG of 3 megapixels, 35 KB, over and over."""
    once = encoded(Image.new("L", (2_000, 1_500), 90), "JPEG")
    start = once.index(b"\xff\xda")
    return once[:start] + once[start:-2] * count + b"\xff\xd9"


def _run_length() -> Iterator[Hostile]:
    """Pillow decodes run-length bitmaps in Python, a run at a time."""
    for name, runs, says in (
        ("runs-of-one", b"\1\7", "in 100,000 pieces"),
        ("lines-of-nothing", b"\0\0", ""),
        ("moves", b"\0\2\xff\xff", None),
    ):
        make = partial(_run_length_bitmap, runs)
        file = f"bombs/run-length-{name}.bmp"
        yield either(file, make, browser=False) if says is None else stopped(file, make, says)
    flat = Image.new("RGB", (4_000, 3_000), (1, 2, 3))
    for suffix in ("bmp", "tif"):
        kind = {"bmp": "BMP", "tif": "TIFF"}[suffix]
        make = partial(encoded, flat, kind)
        # as bytes, a TIFF is in memory twice
        yield Hostile(f"bombs/12-megapixels-uncompressed.{suffix}", make, "label", browser=False)


def _run_length_bitmap(runs: bytes) -> bytes:
    rows = runs * (10_000_000 // len(runs))
    return bmp(5_000, 1_000, 8, rows, compression=1, palette=bytes(1024))
