"""A little that becomes much: in memory, in processor time, or in both."""

import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from tests.edge.corpus.hostile import Hostile, accepted, either, encoded, gradient, refused
from tests.edge.corpus.seeds import seeds
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
    with_segments,
)

PIXELS = gradient(16, 8)


def pictures() -> Iterator[Hostile]:
    for family in (_png, _jpeg, _gif, _webp, _tiff, _bmp):
        yield from family()


def shared_values(tags: int, size: int, order: str = "<") -> bytes:
    """An EXIF block whose tags all name the same bytes: a reader that keeps each has tags x size."""
    entries = b"".join(struct.pack(order + "HHII", 1000 + i, 7, size, 8) for i in range(tags))
    magic = b"II*\0" if order == "<" else b"MM\0*"
    data = bytes(size)
    directory = struct.pack(order + "H", tags) + entries + bytes(4)
    return magic + struct.pack(order + "I", 8 + size) + data + directory


def _png() -> Iterator[Hostile]:
    def around(*chunks: bytes) -> bytes:
        return png(PIXELS, 8, 2, before=b"".join(chunks))

    megabytes = zlib.compress(bytes(50_000_000), 1)
    text, profile = b"k\0\0" + megabytes, b"p\0\0" + megabytes
    international = b"k\0\1\0\0\0" + megabytes
    for name, make in (
        ("ztxt", lambda: around(chunk(b"zTXt", text))),
        ("itxt", lambda: around(chunk(b"iTXt", international))),
        ("iccp", lambda: around(chunk(b"iCCP", profile))),
        ("a-thousand-ztxt", lambda: around(*[chunk(b"zTXt", text[:3] + zlib.compress(bytes(900_000)))] * 1000)),
        ("text-of-20-mb", lambda: around(chunk(b"tEXt", b"k\0" + b"a" * 20_000_000))),
        ("exif-of-shared-values", lambda: around(chunk(b"eXIf", shared_values(60_000, 60_000)))),
        ("exif-of-20-mb", lambda: around(chunk(b"eXIf", bytes(20_000_000)))),
        ("xmp-of-10-mb", lambda: around(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"<" * 10_000_000))),
        ("90,000-chunks", lambda: around(chunk(b"abCd", b"") * 90_000)),
        ("splt-and-hist", lambda: around(chunk(b"sPLT", bytes(5_000_000)), chunk(b"hIST", bytes(999)))),
    ):
        yield accepted(f"bombs/{name}.png", make, PIXELS, browser=False)
    million = chunk(b"abCd", b"") * 1_000_000
    yield refused("bombs/a-million-chunks.png", lambda: around(million), "at most 100,000 chunks", browser=False)
    frames = b"".join(
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 2 * i + 1, 1, 1, 0, 0, 1, 1, 0, 0))
        + chunk(b"fdAT", struct.pack(">I", 2 * i + 2) + zlib.compress(b"\0" * 4))
        for i in range(100_000)
    )
    control = chunk(b"acTL", struct.pack(">II", 100_000, 0))
    yield refused("bombs/100,000-frames.png", lambda: png(PIXELS, 8, 2, before=control, after=frames), "at most 100,000 chunks", browser=False)
    few = png(PIXELS, 8, 2, before=control, after=frames[: len(frames) // 50])
    yield accepted("bombs/2,000-frames.png", few, PIXELS, browser=False)
    inflated = chunk(b"IDAT", zlib.compress(bytes(300_000_000), 1))
    zeros = png_header(16, 8, 8, 2) + inflated + PNG_END
    yield accepted("bombs/300-mb-for-16x8-pixels.png", zeros, np.zeros_like(PIXELS), browser=False)
    raw = b"".join(b"\0" + row.tobytes() for row in PIXELS)
    pieces = b"".join(chunk(b"IDAT", b"") for _ in range(60_000)) + chunk(b"IDAT", zlib.compress(raw))
    yield refused("bombs/60,000-empty-pixel-chunks.png", lambda: png_header(16, 8, 8, 2) + pieces + PNG_END, "", browser=False)


def _jpeg() -> Iterator[Hostile]:
    whole = seeds()["gray.jpg"]

    def after_start(name: str, make: Callable[[], bytes]) -> Hostile:
        return accepted(f"bombs/{name}.jpg", lambda: with_segments(whole, make()), browser=False)

    header = b"Exif\0\0"
    yield after_start("exif-of-shared-values", lambda: segment(0xE1, header + shared_values(2_900, 30_000)))
    yield after_start("big-endian-exif-of-shared-values", lambda: segment(0xE1, header + shared_values(2_900, 30_000, ">")))
    # multi-picture format: Pillow reads its tags like EXIF's
    yield after_start("mpf-of-shared-values", lambda: segment(0xE2, b"MPF\0" + shared_values(2_900, 30_000)))
    yield after_start("255-profile-parts", lambda: b"".join(segment(0xE2, b"ICC_PROFILE\0" + bytes([i, 255]) + bytes(65_000)) for i in range(1, 256)))
    yield after_start("5,000-comments", lambda: segment(0xFE, b"c" * 1000) * 5_000)
    yield after_start("90,000-segments", lambda: segment(0xE3, b"") * 90_000)
    yield after_start("10-mb-of-junk", lambda: segment(0xFE, b"") + b"\0" * 10_000_000)
    yield after_start("300-exif-blocks", lambda: segment(0xE1, header + bytes(60_000)) * 300)
    yield after_start("xmp-extensions", lambda: segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(60_000)) * 200)
    yield after_start("photoshop-resources", lambda: segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\0" * 5_000) * 20)
    yield after_start("10-mb-of-fill-bytes", lambda: b"\xff" * 10_000_000)
    yield after_start("10-mb-of-escaped-junk", lambda: b"\xff\0" * 5_000_000)
    flood = segment(0xE3, b"") * 1_000_000
    yield refused("bombs/a-million-segments.jpg", lambda: with_segments(whole, flood), "at most 100,000 segments", browser=False)
    yield refused("bombs/a-million-restarts.jpg", lambda: with_segments(whole, b"\xff\xd0" * 1_000_000), "at most 100,000 segments", browser=False)
    yield refused("bombs/a-thousand-scans.jpg", lambda: scans(2_000, 1_500, 1_000), "scans of 2000 x 1500", browser=False)
    yield refused("bombs/a-million-scans.jpg", lambda: scans(64, 64, 1_000_000), "scans of 64 x 64", browser=False)
    yield accepted("bombs/100-scans.jpg", lambda: scans(1_000, 800, 100), browser=False)


def scans(width: int, height: int, count: int) -> bytes:
    """A progressive JPEG of nothing, refined again and again: a few bytes send a decoder over all
    coefficients once more."""
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


def _gif() -> Iterator[Hostile]:
    colours = bytes(range(12))
    indices = (np.arange(48).reshape(6, 8) // 5 % 4).astype(np.uint8)
    shown = np.frombuffer(colours, np.uint8).reshape(-1, 3)[indices]
    head, frame = gif_header(8, 6, colours), gif_frame(indices)
    for name, make in (
        ("comment-of-10-mb", lambda: head + b"\x21\xfe" + sub_blocks(b"c" * 10_000_000) + b"\0" + frame + b";"),
        ("40,000-comments", lambda: head + b"\x21\xfe\x01c\0" * 40_000 + frame + b";"),
        ("40,000-controls", lambda: head + b"\x21\xf9\x04\0\0\0\0\0" * 40_000 + frame + b";"),
        ("application-data-of-10-mb", lambda: head + b"\x21\xff\x0bXMP DataXMP" + sub_blocks(b"c" * 10_000_000) + b"\0" + frame + b";"),
        ("100,000-frames", lambda: head + frame * 100_000 + b";"),
        ("10-mb-of-junk", lambda: head + b"\0" * 10_000_000 + frame + b";"),
        ("10-mb-after-the-frame", lambda: head + frame[:-1] + sub_blocks(b"\0" * 10_000_000) + b"\0;"),
    ):
        yield accepted(f"bombs/{name}.gif", make, shown, browser=False)
    flood = b"\x21\xfe" + b"\x01c" * 1_000_000 + b"\0"
    yield refused("bombs/a-million-blocks.gif", lambda: head + flood + frame + b";", "at most 100,000 blocks", browser=False)


def _webp() -> Iterator[Hostile]:
    lossless = seeds()["lossless.webp"]
    pixels = lossless[12:]
    canvas = webp_canvas(48, 32, 0x3C)
    for name, kind in (("exif", b"EXIF"), ("xmp", b"XMP "), ("profile", b"ICCP"), ("unknown", b"abcd")):
        make = lambda k=kind: webp(canvas, riff_chunk(k, bytes(20_000_000)), pixels)  # noqa: E731
        yield accepted(f"bombs/{name}-of-20-mb.webp", make, browser=False)
    values = shared_values(60_000, 60_000)
    yield accepted("bombs/exif-of-shared-values.webp", lambda: webp(canvas, pixels, riff_chunk(b"EXIF", values)), browser=False)
    place = bytes(6) + (47).to_bytes(3, "little") + (31).to_bytes(3, "little") + bytes(4)
    flat = encoded(Image.new("RGB", (48, 32), (1, 2, 3)), "WEBP", lossless=True)[12:]
    frame = riff_chunk(b"ANMF", place + flat)
    animation = riff_chunk(b"ANIM", bytes(6))
    moving = webp_canvas(48, 32, 0x12)
    yield accepted("bombs/100,000-frames.webp", lambda: webp(moving, animation, *[frame] * 99_000), browser=False)
    yield refused("bombs/a-million-chunks.webp", lambda: webp(canvas, riff_chunk(b"abcd", b"") * 1_000_000, pixels), "at most 100,000 chunks", browser=False)


def _tiff() -> Iterator[Hostile]:
    whole = tiff_picture(PIXELS, 8, 2)
    for name, make in (
        ("50,000-directories", lambda: _chained(whole, 50_000)),
        ("a-directory-that-follows-itself", lambda: whole[:-4] + whole[4:8]),
        ("profile-of-20-mb", lambda: tiff_picture(PIXELS, 8, 2, (34675, 7, 20_000_000, bytes(20_000_000)))),
        ("60,000-tags", lambda: tiff_picture(PIXELS, 8, 2, *[(40_000 + i % 20_000, 3, 1, b"\1\0")  for i in range(20_000)])),
        ("shared-values", lambda: _with_shared_values(whole, 20_000, 5_000_000)),
        ("a-directory-in-itself", lambda: tiff_picture(PIXELS, 8, 2, numbers(34665, 8, kind=4))),
    ):
        yield accepted(f"bombs/{name}.tif", make, PIXELS, browser=False)
    many = "values of a known type"
    for tag in (258, 273, 320, 339):
        values = (tag, 3, 8_000_000, bytes(16_000_000))
        yield refused(f"bombs/8-million-values-in-{tag}.tif", lambda v=values: tiff_picture(PIXELS, 8, 2, v), many, browser=False)
    yield refused("bombs/4-billion-values.tif", tiff_picture(PIXELS, 8, 2, (273, 4, 2**32 - 1, bytes(4))), many, browser=False)
    yield refused("bombs/nothing-but-tags.tif", tiff([(i, 3, 1, b"\1\0") for i in range(1000, 60_000)]), "", browser=False)
    deflated = zlib.compress(bytes(300_000_000), 1)
    fields = (256, 16), (257, 8), (258, 8), (259, 8), (262, 1), (273, 8), (277, 1), (278, 8)
    strip = tiff([*[numbers(tag, value) for tag, value in fields], numbers(279, len(deflated), kind=4)], deflated)
    yield accepted("bombs/300-mb-in-one-strip.tif", strip, np.zeros_like(PIXELS), browser=False)
    strips = [numbers(273, *[8] * 60_000, kind=4), numbers(279, *[16] * 60_000, kind=4), numbers(278, 1)]
    tall = np.zeros((1, 16, 1), np.uint8)
    yield accepted("bombs/60,000-strips.tif", lambda: tiff_picture(tall, 8, 1, numbers(257, 60_000), *strips), browser=False)


def _chained(picture: bytes, count: int) -> bytes:
    """More directories, each with one tag and the place of the next."""
    start = len(picture)
    chain = b"".join(
        struct.pack("<H", 1) + numbers_entry(256, 1) + struct.pack("<I", start + 18 * (i + 1))
        for i in range(count)
    )
    return picture[:-4] + struct.pack("<I", start) + chain + struct.pack("<H", 0) + bytes(4)


def numbers_entry(tag: int, value: int) -> bytes:
    return struct.pack("<HHIHH", tag, 3, 1, value, 0)


def _with_shared_values(picture: bytes, tags: int, size: int) -> bytes:
    """The picture's tags, and others that all name the whole file."""
    (at,) = struct.unpack_from("<I", picture, 4)
    (count,) = struct.unpack_from("<H", picture, at)
    own = picture[at + 2 : at + 2 + 12 * count]
    others = b"".join(struct.pack("<HHII", 40_000 + i, 7, size, 8) for i in range(tags))
    directory = struct.pack("<H", count + tags) + own + others + bytes(4)
    body = picture[:at].ljust(size + 8, b"\0")
    return body[:4] + struct.pack("<I", len(body)) + body[8:] + directory


def _bmp() -> Iterator[Hostile]:
    palette = bytes(1024)
    runs = b"\1\7" * 5_000_000
    pieces = "in 100,000 pieces"
    yield refused("bombs/run-length-runs-of-one.bmp", lambda: bmp(5_000, 1_000, 8, runs, compression=1, palette=palette), pieces, browser=False)
    yield refused("bombs/run-length-lines-of-nothing.bmp", lambda: bmp(5_000, 1_000, 8, b"\0\0" * 5_000_000, compression=1, palette=palette), "", browser=False)
    moves = b"\0\2\xff\xff" * 1_000_000
    yield either("bombs/run-length-moves.bmp", lambda: bmp(5_000, 1_000, 8, moves, compression=1, palette=palette), browser=False)
    flat = Image.new("RGB", (4_000, 3_000), (1, 2, 3))
    yield accepted("bombs/12-megapixels-uncompressed.bmp", lambda: encoded(flat, "BMP"), browser=False)
    yield either("bombs/12-megapixels-uncompressed.tif", lambda: encoded(flat, "TIFF"), browser=False)
