"""Huge, deeply packed or endless metadata around a small picture, which keeps its pixels."""

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from tests.edge.corpus.hostile import Hostile, accepted, gradient, refused
from tests.edge.corpus.seeds import seeds
from tests.edge.corpus.writing import (
    chunk,
    gif_frame,
    gif_header,
    numbers,
    png,
    riff_chunk,
    segment,
    sub_blocks,
    tiff,
    tiff_picture,
    webp,
    webp_canvas,
    with_segments,
)

PIXELS = gradient(16, 8)
MEGABYTES = 5_000_000

# bombs are no browser's business: its own process would have to survive them
survived = partial(accepted, browser=False)
stopped = partial(refused, browser=False)


def pictures() -> Iterator[Hostile]:
    for family in (_png, _jpeg, _gif, _webp, _tiff):
        yield from family()


def shared_values(tags: int, size: int, order: str = "<") -> bytes:
    """EXIF whose tags all name the same bytes: a reader that keeps each has `tags` times `size`."""
    entries = b"".join(struct.pack(order + "HHII", 1000 + i, 7, size, 8) for i in range(tags))
    magic = b"II*\0" if order == "<" else b"MM\0*"
    directory = struct.pack(order + "H", tags) + entries + bytes(4)
    return magic + struct.pack(order + "I", 8 + size) + bytes(size) + directory


def _png() -> Iterator[Hostile]:
    packed = zlib.compress(bytes(50_000_000), 1)
    little = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(900_000)))
    xmp = b"XML:com.adobe.xmp\0\0\0\0\0" + b"<" * MEGABYTES
    for name, before in (
        ("ztxt-of-50-mb", lambda: chunk(b"zTXt", b"k\0\0" + packed)),
        ("itxt-of-50-mb", lambda: chunk(b"iTXt", b"k\0\1\0\0\0" + packed)),
        ("iccp-of-50-mb", lambda: chunk(b"iCCP", b"p\0\0" + packed)),
        ("a-thousand-ztxt", lambda: little * 1000),
        ("text-of-5-mb", lambda: chunk(b"tEXt", b"k\0" + b"a" * MEGABYTES)),
        ("exif-of-shared-values", lambda: chunk(b"eXIf", shared_values(60_000, 60_000))),
        ("exif-of-5-mb", lambda: chunk(b"eXIf", bytes(MEGABYTES))),
        ("a-million-exif-entries", lambda: chunk(b"eXIf", million_entries())),
        ("xmp-of-5-mb", lambda: chunk(b"iTXt", xmp)),
        ("suggested-palette-of-5-mb", lambda: chunk(b"sPLT", bytes(MEGABYTES))),
        ("90,000-chunks", lambda: chunk(b"abCd", b"") * 90_000),
    ):
        make = partial(_png_around, before)
        yield survived(f"bombs/{name}.png", make, PIXELS)
    flood = partial(_png_around, lambda: chunk(b"abCd", b"") * 1_000_000)
    yield stopped("bombs/a-million-chunks.png", flood, "at most 100,000 chunks")


def _png_around(before: Callable[[], bytes]) -> bytes:
    return png(PIXELS, 8, 2, before=before())


def million_entries() -> bytes:
    """Twenty directories in a row of 50,000 entries each; only the first one counts."""
    size = 2 + 12 * 50_000 + 4
    entries = struct.pack("<HHII", 1000, 3, 1, 6) * 50_000
    directories = [
        struct.pack("<H", 50_000) + entries + struct.pack("<I", 8 + size * (i + 1))
        for i in range(20)
    ]
    return b"II*\0\x08\0\0\0" + b"".join(directories)


def _jpeg() -> Iterator[Hostile]:
    exif, mpf = b"Exif\0\0", b"MPF\0"  # Pillow reads a multi-picture's tags like EXIF's
    photoshop = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\0" * 5_000
    extension = b"http://ns.adobe.com/xmp/extension/\0" + bytes(60_000)
    little, big = shared_values(2_900, 30_000), shared_values(2_900, 30_000, ">")
    for name, between in (
        ("exif-of-shared-values", lambda: segment(0xE1, exif + little)),
        ("big-endian-exif-of-shared-values", lambda: segment(0xE1, exif + big)),
        ("mpf-of-shared-values", lambda: segment(0xE2, mpf + little)),
        ("255-profile-parts", lambda: b"".join(_profile_part(i) for i in range(1, 256))),
        ("5,000-comments", lambda: segment(0xFE, b"c" * 1000) * 5_000),
        ("90,000-segments", lambda: segment(0xE3, b"") * 90_000),
        ("300-exif-blocks", lambda: segment(0xE1, exif + bytes(60_000)) * 300),
        ("xmp-extensions", lambda: segment(0xE1, extension) * 200),
        ("photoshop-resources", lambda: segment(0xED, photoshop) * 20),
        ("junk-of-5-mb", lambda: segment(0xFE, b"") + bytes(MEGABYTES)),
        ("fill-bytes-of-5-mb", lambda: b"\xff" * MEGABYTES),
        ("escaped-junk-of-5-mb", lambda: b"\xff\0" * (MEGABYTES // 2)),
    ):
        yield survived(f"bombs/{name}.jpg", partial(_jpeg_with, between))
    for name, flood in (
        ("segments", lambda: segment(0xE3, b"") * 1_000_000),
        ("restarts", lambda: b"\xff\xd0" * 1_000_000),
    ):
        make = partial(_jpeg_with, flood)
        yield stopped(f"bombs/a-million-{name}.jpg", make, "at most 100,000 segments")


def _jpeg_with(between: Callable[[], bytes]) -> bytes:
    return with_segments(seeds()["gray.jpg"], between())


def _profile_part(number: int) -> bytes:
    return segment(0xE2, b"ICC_PROFILE\0" + bytes([number, 255]) + bytes(65_000))


def _gif() -> Iterator[Hostile]:
    colours = bytes(range(12))
    indices = (np.arange(48).reshape(6, 8) // 5 % 4).astype(np.uint8)
    shown = np.frombuffer(colours, np.uint8).reshape(-1, 3)[indices]
    head, frame = gif_header(8, 6, colours), gif_frame(indices)
    for name, between in (
        ("comment-of-5-mb", lambda: b"\x21\xfe" + sub_blocks(b"c" * MEGABYTES) + b"\0"),
        ("application-data-of-5-mb", lambda: _application_data() + b"\0"),
        ("40,000-comments", lambda: b"\x21\xfe\x01c\0" * 40_000),
        ("40,000-controls", lambda: b"\x21\xf9\x04\0\0\0\0\0" * 40_000),
    ):
        make = lambda between=between: head + between() + frame + b";"  # noqa: E731
        yield survived(f"bombs/{name}.gif", make, shown)
    flood = b"\x21\xfe" + b"\x01c" * 1_000_000 + b"\0"
    yield stopped("bombs/a-million-blocks.gif", head + flood + frame, "at most 100,000 blocks")


def _application_data() -> bytes:
    return b"\x21\xff\x0bXMP DataXMP" + sub_blocks(b"c" * MEGABYTES)


def _webp() -> Iterator[Hostile]:
    pixels = seeds()["lossless.webp"][12:]
    canvas = webp_canvas(48, 32, 0x3C)
    for name, kind in (
        *(("exif", b"EXIF"), ("xmp", b"XMP "), ("profile", b"ICCP"), ("unknown", b"abcd")),
    ):
        make = partial(_webp_with, canvas, kind, bytes(MEGABYTES), pixels)
        yield survived(f"bombs/{name}-of-5-mb.webp", make)
    values = shared_values(60_000, 60_000)
    make = partial(_webp_with, canvas, b"EXIF", values, pixels)
    yield survived("bombs/exif-of-shared-values.webp", make)
    flood = riff_chunk(b"abcd", b"") * 1_000_000
    make = partial(webp, canvas, flood, pixels)
    yield stopped("bombs/a-million-chunks.webp", make, "at most 100,000 chunks")


def _webp_with(canvas: bytes, kind: bytes, data: bytes, pixels: bytes) -> bytes:
    return webp(canvas, riff_chunk(kind, data), pixels)


def _tiff() -> Iterator[Hostile]:
    whole = tiff_picture(PIXELS, 8, 2)
    profile = 34675, 7, MEGABYTES, bytes(MEGABYTES)
    others = [(40_000 + i, 3, 1, b"\1\0") for i in range(20_000)]
    for name, make in (
        ("50,000-directories", lambda: _chained(whole, 50_000)),
        ("a-directory-that-follows-itself", lambda: whole[:-4] + whole[4:8]),
        ("a-directory-in-itself", lambda: tiff_picture(PIXELS, 8, 2, numbers(34665, 8, kind=4))),
        ("profile-of-5-mb", lambda: tiff_picture(PIXELS, 8, 2, profile)),
        ("20,000-tags", lambda: tiff_picture(PIXELS, 8, 2, *others)),
        ("shared-values", lambda: _with_shared_values(whole, 20_000, MEGABYTES)),
    ):
        yield survived(f"bombs/{name}.tif", make, PIXELS)
    many = "values of a known type"
    for tag in (258, 273, 320, 339):
        values = tag, 3, 8_000_000, bytes(16_000_000)
        make = partial(tiff_picture, PIXELS, 8, 2, values)
        yield stopped(f"bombs/8-million-values-in-{tag}.tif", make, many)
    promised = tiff_picture(PIXELS, 8, 2, (273, 4, 2**32 - 1, bytes(4)))
    yield stopped("bombs/4-billion-values.tif", promised, many)
    nothing = tiff([(i, 3, 1, b"\1\0") for i in range(1000, 60_000)])
    yield stopped("bombs/nothing-but-tags.tif", nothing, "0 x 0")


def _chained(picture: bytes, count: int) -> bytes:
    """More directories, each with one tag and the place of the next."""
    start = len(picture)
    entry = struct.pack("<HHHIHH", 1, 256, 3, 1, 1, 0)
    chain = b"".join(entry + struct.pack("<I", start + 18 * (i + 1)) for i in range(count))
    return picture[:-4] + struct.pack("<I", start) + chain + bytes(6)


def _with_shared_values(picture: bytes, tags: int, size: int) -> bytes:
    """The picture's tags, and others that all name the whole file."""
    (at,) = struct.unpack_from("<I", picture, 4)
    (count,) = struct.unpack_from("<H", picture, at)
    own = picture[at + 2 : at + 2 + 12 * count]
    others = b"".join(struct.pack("<HHII", 40_000 + i, 7, size, 8) for i in range(tags))
    directory = struct.pack("<H", count + tags) + own + others + bytes(4)
    body = picture[:at].ljust(size + 8, b"\0")
    return body[:4] + struct.pack("<I", len(body)) + body[8:] + directory
