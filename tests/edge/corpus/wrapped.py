"""Pictures with other things behind, before or inside them, and formats that are not enabled."""

import io
import struct
import time
import zipfile
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.edge.corpus.hostile import Hostile, accepted, encoded, gradient, refused
from tests.edge.corpus.seeds import seeds
from tests.edge.corpus.writing import (
    chunk,
    numbers,
    png,
    riff_chunk,
    tiff_picture,
    webp,
    webp_canvas,
)

COLOR = gradient(48, 32)
NOT_ENABLED = "expected a picture (PNG, JPEG, WebP, GIF, BMP, TIFF)"


def pictures() -> Iterator[Hostile]:
    yield from _behind()
    yield from _profiles()
    yield from _other_formats()


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), "hello")
    return buffer.getvalue()


def _behind() -> Iterator[Hostile]:
    whole = seeds()
    behind = {
        "zip": _archive(),
        "html": b"<script>alert(1)</script>",
        "zeros": bytes(5000),
        "itself": None,
        "noise": bytes(i * 89 % 256 for i in range(5000)),
    }
    kinds = ("rgb.png", "gray.jpg", "still.gif", "lossless.webp", "rgb.bmp", "raw.tif")
    for kind in kinds:
        suffix = kind.split(".")[1]
        for name, more in behind.items():
            content = whole[kind] + (whole[kind] if more is None else more)
            shown = None
            yield accepted(f"behind/{name}.{suffix}", content, shown, browser=suffix != "tif")
    picture = Image.fromarray(COLOR)
    several = encoded(
        picture, "MPO", save_all=True, append_images=[picture.rotate(180)], quality=95
    )
    yield accepted("behind/another-picture.mpo", several, COLOR, tolerance=16)
    pages = encoded(picture, "TIFF", save_all=True, append_images=[picture.rotate(180)] * 3)
    yield accepted("behind/other-pages.tif", pages, COLOR, browser=False)
    for name, first in (("pdf", b"%PDF-1.7\n"), ("script", b"#!/bin/sh\n"), ("html", b"<html>")):
        yield refused(f"before/{name}.jpg", first + whole["gray.jpg"], NOT_ENABLED)
    hidden = b"BM" + bytes(12) + whole["rgb.png"]
    yield refused("before/bitmap-header.bmp", hidden, "")


def _profiles() -> Iterator[Hostile]:
    """Colour profiles are ignored by the contract, and so broken ones are."""
    noise = bytes(i * 31 % 256 for i in range(3000))
    for name, data in (
        ("noise", noise),
        ("empty", b""),
        ("no-end", b"profile"),
        ("bad-method", b"p\0\x07abc"),
    ):
        yield accepted(f"profile/{name}.png", png(COLOR, 8, 2, before=chunk(b"iCCP", data)), COLOR)
    for kind, data in (
        (b"gAMA", bytes(4)),
        (b"gAMA", b"\0"),
        (b"cHRM", bytes(9)),
        (b"sRGB", b""),
        (b"pHYs", b"\0"),
    ):
        yield accepted(
            f"profile/{kind.decode()}-{len(data)}.png",
            png(COLOR, 8, 2, before=chunk(kind, data)),
            COLOR,
        )
    lossless = encoded(Image.fromarray(COLOR), "WEBP", lossless=True)[12:]
    canvas = webp_canvas(48, 32, 0x20)
    yield accepted("profile/noise.webp", webp(canvas, riff_chunk(b"ICCP", noise), lossless), COLOR)
    yield accepted("profile/promised.webp", webp(canvas, lossless), COLOR)
    yield accepted(
        "profile/noise.tif",
        tiff_picture(COLOR, 8, 2, (34675, 7, len(noise), noise)),
        COLOR,
        browser=False,
    )
    for tag in (33723, 34377, 34665, 34853, 37724, 700, 330, 42112):
        content = tiff_picture(COLOR, 8, 2, (tag, 7, len(noise), noise))
        yield accepted(f"profile/noise-in-tag-{tag}.tif", content, COLOR, browser=False)
    # not a byte of these is read: their places lie outside of the file
    for tag in (34675, 34665, 700):
        entry = numbers(tag, 2**32 - 9, kind=4)
        far = (tag, 7, 1000, entry[3])
        content = tiff_picture(COLOR, 8, 2, far)
        yield accepted(f"profile/far-away-{tag}.tif", content, COLOR, browser=False)


def _other_formats() -> Iterator[Hostile]:
    """Pillow opens them, and most of them a browser does not show."""
    picture = Image.fromarray(COLOR)
    written = {
        "PPM": "ppm", "TGA": "tga", "PCX": "pcx", "ICO": "ico", "SGI": "sgi",
        "DDS": "dds", "ICNS": "icns", "EPS": "eps", "PDF": "pdf", "SPIDER": "spi", "BLP": "blp",
        "JPEG2000": "jp2", "MSP": "msp", "XBM": "xbm", "QOI": "qoi", "AVIF": "avif",
    }  # fmt: skip
    Image.init()
    for kind, suffix in written.items():
        if kind not in Image.SAVE:
            continue
        mode = {"MSP": "1", "XBM": "1", "SPIDER": "F", "BLP": "P"}.get(kind, "RGB")
        # a PDF holds the time when it was made
        dates = dict.fromkeys(("creationDate", "modDate"), time.gmtime(0)) if kind == "PDF" else {}
        content = encoded(picture.convert(mode), kind, **dates)
        yield refused(f"other/{kind.lower()}.{suffix}", content, NOT_ENABLED)
    by_hand = {
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{} loop\n",
        "ps": b"%!PS\n(/etc/passwd) (r) file\n",
        "dos.eps": b"\xc5\xd0\xd3\xc6" + struct.pack("<IIIIII", 32, 40, 0, 0, 0, 0) + b"%!PS\n",
        "psd": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 9, 9, 8, 3) + bytes(50),
        "fli": struct.pack("<IHHHHHH", 200, 0xAF11, 1, 9, 9, 8, 0) + bytes(200),
        "wmf": b"\xd7\xcd\xc6\x9a\0\0" + bytes(100),
        "emf": b"\1\0\0\0" + bytes(36) + b" EMF" + bytes(100),
        "xpm": b'/* XPM */\nstatic char *x[] = {"1 1 1 1", "a c #fff", "a"};',
        "fits": b"SIMPLE  =                    T".ljust(2880),
        "cur": b"\0\0\2\0\1\0" + bytes(40),
        "pcd": bytes(2048) + b"PCD_" + bytes(200),
        "mpg": b"\0\0\1\xb3" + bytes(40),
        "heic": struct.pack(">I", 24) + b"ftypheic" + bytes(40),
        "jxl": b"\xff\x0a" + bytes(40),
        "pgm": b"P2\n2 2\n255\n0 1 2 3\n",
        "pfm": b"Pf\n1 1\n-1.0\n" + bytes(4),
        "exr": b"\x76\x2f\x31\x01" + bytes(40),
        "hdr": b"#?RADIANCE\n\n-Y 1 +X 1\n" + bytes(4),
    }
    for name, content in by_hand.items():
        yield refused(f"other/by-hand.{name}", content, NOT_ENABLED)
    level = np.zeros((4, 4, 1), np.uint8)
    big = tiff_picture(level, 8, 1)
    yield refused("other/bigtiff.tif", big[:2] + b"+\0" + big[4:], NOT_ENABLED)
