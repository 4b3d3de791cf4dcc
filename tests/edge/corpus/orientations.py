"""Every EXIF orientation, and what is no orientation, in each format that carries one."""

import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.edge.corpus.hostile import Hostile, accepted, encoded, quadrants
from tests.edge.corpus.writing import (
    chunk,
    exif,
    numbers,
    png,
    riff_chunk,
    segment,
    tiff,
    tiff_picture,
    webp,
    webp_canvas,
    with_segments,
)

STORED = quadrants()
UPRIGHT = {
    2: STORED[:, ::-1],
    3: STORED[::-1, ::-1],
    4: STORED[::-1],
    5: STORED.transpose(1, 0, 2),
    6: STORED.transpose(1, 0, 2)[:, ::-1],
    7: STORED.transpose(1, 0, 2)[::-1, ::-1],
    8: STORED.transpose(1, 0, 2)[::-1],
}


def pictures() -> Iterator[Hostile]:
    for name, block, orientation in _blocks():
        for suffix, content in _wrapped(block).items():
            # JPEG has one such header of its own; a second one makes it unreadable
            twice = name == "header-inside" and suffix == "jpg"
            yield _expected(f"orientation/{name}.{suffix}", content, 1 if twice else orientation)
    yield from _several_blocks()
    yield from _xmp()
    yield from _tiff()


def _expected(name: str, content: bytes, orientation: int) -> Hostile:
    shown = UPRIGHT.get(orientation, STORED)
    lossy = name.endswith(".jpg")
    return accepted(name, content, shown, tolerance=8 if lossy else 0)


def _blocks() -> Iterator[tuple[str, bytes, int]]:
    """A name, an EXIF block, and the orientation that it amounts to."""
    for value in (*range(11), 255, 65_535):
        yield f"{value}", exif(value), value
        yield f"{value}-big-endian", exif(value, order=">"), value
    yield "long-6", exif(6, kind=4), 6
    yield "long-65542", exif(65_542, kind=4), 1
    yield "byte-6", exif(6, kind=1), 1
    yield "text-6", tiff([(0x0112, 2, 2, b"6\0")]), 1
    yield "rational-6", tiff([(0x0112, 5, 1, struct.pack("<II", 6, 1))]), 1
    yield "unknown-type", tiff([(0x0112, 99, 1, b"\6\0")]), 1
    twice = [numbers(0x0112, 6), numbers(0x0112, 3)]
    yield "stated-twice", tiff(twice), 6
    yield "two-values", tiff([numbers(0x0112, 6, 3)]), 6
    good = exif(6)
    yield "empty", b"", 1
    yield "one-byte", b"I", 1
    yield "only-magic", good[:4], 1
    yield "directory-cut", good[:-10], 1
    yield "directory-far-away", good[:4] + b"\xff" * 4 + good[8:], 1
    yield "directory-at-0", good[:4] + bytes(4) + good[8:], 1
    yield "65,535-entries-promised", good[:8] + b"\xff\xff" + good[10:], 6
    yield "no-entries", good[:8] + b"\0\0" + good[10:], 1
    yield "wrong-order", b"MM\0*" + good[4:], 1
    yield "no-order", b"XX*\0" + good[4:], 1
    yield "another-magic-number", good[:2] + b"\x55\0" + good[4:], 6
    yield "header-inside", b"Exif\0\0" + good, 6
    yield "noise", bytes(i * 151 % 256 for i in range(700)), 1
    yield (
        "after-other-tags",
        tiff([numbers(256 + i, i) for i in range(18)] + [numbers(0x0112, 8)]),
        8,
    )


def _wrapped(block: bytes) -> dict[str, bytes]:
    picture = Image.fromarray(STORED)
    plain = encoded(picture, "JPEG", quality=95, subsampling=0)
    lossless = encoded(picture, "WEBP", lossless=True)[12:]
    canvas = webp_canvas(STORED.shape[1], STORED.shape[0], 8)
    return {
        "jpg": with_segments(plain, segment(0xE1, b"Exif\0\0" + block)),
        "png": png(STORED, 8, 2, before=chunk(b"eXIf", block)),
        "webp": webp(canvas, lossless, riff_chunk(b"EXIF", block)),
    }


def _several_blocks() -> Iterator[Hostile]:
    """The first block counts."""
    picture = Image.fromarray(STORED)
    plain = encoded(picture, "JPEG", quality=95, subsampling=0)
    first, second = (segment(0xE1, b"Exif\0\0" + exif(v)) for v in (6, 3))
    yield _expected("orientation/two-blocks.jpg", with_segments(plain, first, second), 6)
    late = with_segments(plain, segment(0xFE, b"comment"), segment(0xDD, b"\0\0"), first)
    yield _expected("orientation/late-block.jpg", late, 6)
    for name, between in (
        ("fill-bytes", b"\xff\xff\xff"),
        ("junk", b"\x12\x34\0"),
        ("escaped", b"\xff\0"),
    ):
        yield _expected(
            f"orientation/{name}-before-the-block.jpg",
            with_segments(plain, segment(0xFE, b""), between, first),
            6,
        )
    chunks = chunk(b"eXIf", exif(6)), chunk(b"eXIf", exif(3))
    yield _expected("orientation/two-blocks.png", png(STORED, 8, 2, before=b"".join(chunks)), 6)
    yield _expected("orientation/after-the-pixels.png", png(STORED, 8, 2, after=chunks[0]), 6)
    whole = png(STORED, 8, 2)
    yield _expected("orientation/after-the-end.png", whole + chunks[0], 1)
    lossless = encoded(picture, "WEBP", lossless=True)[12:]
    canvas = webp_canvas(STORED.shape[1], STORED.shape[0], 8)
    blocks = [riff_chunk(b"EXIF", exif(v)) for v in (6, 3)]
    yield _expected("orientation/two-blocks.webp", webp(canvas, lossless, *blocks), 6)
    yield _expected("orientation/before-the-pixels.webp", webp(canvas, blocks[0], lossless), 6)
    yield _expected("orientation/after-the-end.webp", webp(canvas, lossless) + blocks[0], 1)


def _xmp() -> Iterator[Hostile]:
    plain = encoded(Image.fromarray(STORED), "JPEG", quality=95, subsampling=0)
    header = b"http://ns.adobe.com/xap/1.0/\0"
    for name, text, orientation in (
        ("attribute", b'<rdf:Description tiff:Orientation="6"/>', 6),
        ("element", b"<tiff:Orientation>8</tiff:Orientation>", 8),
        ("nine", b'tiff:Orientation="9"', 1),
        ("words", b'tiff:Orientation="six"', 1),
        ("open", b"tiff:Orientation=", 1),
        ("not-utf-8", b"\xff\xfe\x80" + b'tiff:Orientation="3"', 3),
    ):
        block = segment(0xE1, header + text)
        yield _expected(f"orientation/xmp-{name}.jpg", with_segments(plain, block), orientation)
        data = b"XML:com.adobe.xmp\0\0\0\0\0" + text
        content = png(STORED, 8, 2, before=chunk(b"iTXt", data))
        yield _expected(f"orientation/xmp-{name}.png", content, orientation)
    both = segment(0xE1, header + b'tiff:Orientation="6"'), segment(0xE1, b"Exif\0\0" + exif(3))
    yield _expected("orientation/xmp-and-exif.jpg", with_segments(plain, *both), 3)
    silent = segment(0xE1, b"Exif\0\0" + tiff([numbers(256, 1)]))
    yield _expected("orientation/xmp-and-silent-exif.jpg", with_segments(plain, both[0], silent), 6)
    nine = segment(0xE1, b"Exif\0\0" + exif(9))
    yield _expected("orientation/xmp-and-exif-9.jpg", with_segments(plain, both[0], nine), 1)


def _tiff() -> Iterator[Hostile]:
    for value in (*range(10), 65_535):
        content = tiff_picture(STORED, 8, 2, numbers(0x0112, value))
        shown = UPRIGHT.get(value, STORED)
        yield accepted(f"orientation/{value}.tif", content, shown, browser=False)
    content = tiff_picture(STORED, 8, 2, numbers(0x0112, 6, kind=1))
    yield accepted("orientation/byte-6.tif", content, STORED, browser=False)
    image = Image.fromarray(np.ascontiguousarray(STORED))
    block = Image.Exif()
    block[0x0112] = 7
    content = encoded(image, "TIFF", compression="tiff_lzw", exif=block)
    yield accepted("orientation/7-lzw.tif", content, UPRIGHT[7], browser=False)
