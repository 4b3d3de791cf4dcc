"""JPEG's many processes, and scans, tables and segments that are not as they should be."""

import re
import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.edge.corpus.hostile import Hostile, accepted, either, encoded, gradient, refused
from tests.edge.corpus.seeds import seeds
from tests.edge.corpus.writing import jpeg_frame, segment, with_segments

COLOR = gradient(48, 32)
SCAN = b"\xff\xda"
END = b"\xff\xd9"


def pictures() -> Iterator[Hostile]:
    yield from _colours()
    yield from _scans()
    yield from _segments()
    yield from _processes()


def _colours() -> Iterator[Hostile]:
    picture = Image.fromarray(COLOR)
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        content = encoded(picture, "JPEG", quality=95, subsampling=subsampling)
        yield accepted(f"jpeg/{name}.jpg", content, COLOR, tolerance=16)
    gray = np.repeat(np.asarray(picture.convert("L"))[..., None], 3, axis=-1)
    yield accepted(
        "jpeg/gray.jpg", encoded(picture.convert("L"), "JPEG", quality=95), gray, tolerance=8
    )
    # Adobe's CMYK is stored inverted, and Pillow writes it so
    cmyk = encoded(picture.convert("CMYK"), "JPEG", quality=95)
    yield accepted("jpeg/cmyk.jpg", cmyk, COLOR, tolerance=12)
    # the same data said to be YCCK: other colours, but colours
    assert cmyk[cmyk.index(b"Adobe") + 11] == 0
    at = cmyk.index(b"Adobe") + 11
    yield accepted("jpeg/ycck.jpg", cmyk[:at] + b"\2" + cmyk[at + 1 :])
    yield either("jpeg/adobe-transform-9.jpg", cmyk[:at] + b"\x09" + cmyk[at + 1 :])
    plain = encoded(picture, "JPEG", quality=95, subsampling=0)
    adobe = segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 0))
    without_jfif = plain[:2] + plain[2 + 18 :]
    yield accepted("jpeg/rgb-by-adobe.jpg", with_segments(without_jfif, adobe))
    yield accepted(
        "jpeg/ycc-by-adobe.jpg",
        with_segments(without_jfif, adobe[:-1] + b"\1"),
        COLOR,
        tolerance=16,
    )
    yield accepted("jpeg/no-application-segment.jpg", without_jfif, COLOR, tolerance=16)
    yield accepted(
        "jpeg/adobe-cut-short.jpg",
        with_segments(plain, segment(0xEE, b"Adobe")),
        COLOR,
        tolerance=16,
    )
    yield accepted(
        "jpeg/jfif-cut-short.jpg",
        with_segments(without_jfif, segment(0xE0, b"JFIF\0")),
        COLOR,
        tolerance=16,
    )


def _scans() -> Iterator[Hostile]:
    whole = encoded(Image.fromarray(COLOR), "JPEG", quality=90, progressive=True)
    starts = [found.start() for found in re.finditer(re.escape(SCAN), whole)]
    assert len(starts) >= 8
    for count in (1, 2, 5, 8):
        # the later scans never came: a coarse picture, which is what browsers show
        yield accepted(f"jpeg/progressive-{count}-scans.jpg", whole[: starts[count]] + END)
    yield either(
        "jpeg/progressive-without-the-first-scan.jpg", whole[: starts[0]] + whole[starts[1] :]
    )
    yield accepted(
        "jpeg/progressive-scan-twice.jpg",
        whole[: starts[1]] + whole[starts[0] : starts[1]] + whole[starts[1] :],
    )
    yield either(
        "jpeg/progressive-backwards.jpg",
        whole[: starts[0]]
        + b"".join(
            whole[a:b] for a, b in zip(starts[::-1], [len(whole) - 2, *starts[:0:-1]], strict=True)
        )
        + END,
    )
    yield refused("jpeg/no-scan.jpg", whole[: starts[0]] + END, "")
    yield refused("jpeg/only-start-and-end.jpg", b"\xff\xd8" + END, "")
    yield refused(
        "jpeg/scan-before-frame.jpg", b"\xff\xd8" + whole[starts[0] :], "expected a frame"
    )
    baseline = seeds()["baseline.jpg"]
    at = baseline.index(SCAN)
    body = at + 2 + int.from_bytes(baseline[at + 2 : at + 4], "big")
    yield either("jpeg/scan-of-nothing.jpg", baseline[:body] + END)
    yield either("jpeg/scan-of-zeros.jpg", baseline[:body] + bytes(3000) + END)
    yield either("jpeg/scan-of-ones.jpg", baseline[:body] + b"\xff\0" * 1500 + END)
    yield either("jpeg/scan-of-restarts.jpg", baseline[:body] + b"\xff\xd3" * 1500 + END)
    yield either("jpeg/scan-of-scans.jpg", baseline[:body] + baseline[at:body] * 50 + END)
    yield either(
        "jpeg/markers-in-the-scan.jpg",
        baseline[: body + 40] + b"\xff\xc0" * 30 + baseline[body + 40 :],
    )
    for name, wrong in (("components-0", 0), ("components-9", 9), ("components-255", 255)):
        yield either(
            f"jpeg/scan-{name}.jpg", baseline[: at + 4] + bytes([wrong]) + baseline[at + 5 :]
        )


def _segments() -> Iterator[Hostile]:
    gray = Image.fromarray(COLOR).convert("L")
    whole = encoded(gray, "JPEG", quality=95)
    shown = np.repeat(np.asarray(gray)[..., None], 3, axis=-1)
    for name, between in (
        ("fill-bytes", b"\xff" * 9),
        ("junk", segment(0xFE, b"") + b"\x12\x34\x56"),
        ("escaped-junk", b"\xff\0\xff\0"),
        ("restart", b"\xff\xd4"),
        ("comment", segment(0xFE, b"\xff\xd9\xff\xda\xff\xd8")),
        ("empty-comment", segment(0xFE, b"")),
        ("unknown-application", segment(0xEB, b"JP\0\1" + bytes(100))),
        ("thumbnail", segment(0xE1, b"Exif\0\0" + whole)),
    ):
        yield (
            either(f"jpeg/{name}-first.jpg", with_segments(whole, between))
            if name == "restart"
            else accepted(
                f"jpeg/{name}-first.jpg", with_segments(whole, between), shown, tolerance=8
            )
        )
    for name, length in (("0", 0), ("1", 1), ("65535", 65_535)):
        wrong = b"\xff\xe2" + struct.pack(">H", length)
        yield refused(f"jpeg/segment-of-length-{name}.jpg", with_segments(whole, wrong), "")
    yield refused("jpeg/second-start.jpg", with_segments(whole, b"\xff\xd8"), "")
    frame = whole.index(b"\xff\xc0")
    yield refused(
        "jpeg/second-frame.jpg", whole[:frame] + jpeg_frame(0xC0, 8, 8, [0x11]) + whole[frame:], ""
    )
    for sampling in (0x00, 0x01, 0x10, 0x44, 0x55, 0xFF):
        content = whole[: frame + 11] + bytes([sampling]) + whole[frame + 12 :]
        yield either(f"jpeg/sampling-{sampling:02x}.jpg", content)
    for precision in (0, 2, 12, 16, 255):
        content = whole[: frame + 4] + bytes([precision]) + whole[frame + 5 :]
        yield refused(f"jpeg/precision-{precision}.jpg", content, "")
    for components in (0, 2, 5, 255):
        sampled = jpeg_frame(0xC0, 48, 32, [0x11] * components)
        content = whole[:frame] + sampled + whole[frame + 13 :]
        yield refused(f"jpeg/components-{components}.jpg", content, "")
    for marker, name in ((0xDB, "quantisation"), (0xC4, "huffman")):
        at = whole.index(bytes([0xFF, marker]))
        length = int.from_bytes(whole[at + 2 : at + 4], "big")
        yield either(f"jpeg/no-{name}-table.jpg", whole[:at] + whole[at + 2 + length :])
        yield refused(
            f"jpeg/{name}-table-cut.jpg",
            whole[:at] + segment(marker, b"\0\0") + whole[at + 2 + length :],
            "",
        )
        full = segment(marker, b"\0" + b"\xff" * (length - 3))
        yield either(f"jpeg/{name}-table-full.jpg", whole[:at] + full + whole[at + 2 + length :])
    profile = b"ICC_PROFILE\0"
    for name, body in (
        ("empty", profile),
        ("part-0-of-0", profile + b"\0\0"),
        ("part-9-of-3", profile + b"\x09\x03" + bytes(100)),
        ("noise", profile + b"\1\1" + bytes(i * 77 % 256 for i in range(3000))),
        ("twice", profile + b"\1\1" + bytes(128)),
    ):
        count = 2 if name == "twice" else 1
        content = with_segments(whole, *[segment(0xE2, body)] * count)
        yield accepted(f"jpeg/profile-{name}.jpg", content, shown, tolerance=8)


def _processes() -> Iterator[Hostile]:
    """Arithmetic coding, lossless, hierarchical: a frame's marker says so, and the data is not."""
    whole = seeds()["gray.jpg"]
    frame = whole.index(b"\xff\xc0")
    for marker in (*range(0xC1, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)):
        content = whole[: frame + 1] + bytes([marker]) + whole[frame + 2 :]
        yield either(f"jpeg/process-{marker:02x}.jpg", content, browser=False)
    yield either("jpeg/arithmetic.jpg", arithmetic(), browser=False)


def arithmetic() -> bytes:
    """16 x 16 pixels in arithmetic code, whose empty scan reads as zeros."""
    tables = segment(0xDB, b"\0" + b"\1" * 64)
    scan = segment(0xDA, bytes([1, 1, 0, 0, 63, 0]))
    return b"\xff\xd8" + tables + jpeg_frame(0xC9, 16, 16, [0x11]) + scan + END
