"""Files that are cut, empty, mislabelled, or damaged in a place that a checksum guards."""

import zlib
from collections.abc import Iterator

from tests.edge.corpus.hostile import Hostile, accepted, either, encoded, gradient, refused
from tests.edge.corpus.seeds import seeds
from tests.edge.corpus.writing import PNG_END, PNG_MAGIC, chunk, png_header

SOMETHING_ELSE = "expected a picture"
CUT = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9)


def pictures() -> Iterator[Hostile]:
    yield from _truncated()
    yield from _something_else()
    yield from _checksums()


def _truncated() -> Iterator[Hostile]:
    for seed, content in seeds().items():
        name, suffix = seed.split(".")
        for share in CUT:
            cut = content[: max(1, int(len(content) * share))]
            file = f"truncated/{name}-{int(share * 100)}-percent.{suffix}"
            # an animation's first frame may be whole by then, and libjpeg and libtiff fill up
            first_is_whole = name == "animated" and share >= 0.3
            filled_up = suffix in ("tif", "jpg") and share >= 0.5
            yield (either if first_is_whole or filled_up else refused_cut)(file, cut)
        yield either(f"truncated/{name}-without-the-last-byte.{suffix}", content[:-1])


def refused_cut(name: str, content: bytes) -> Hostile:
    return refused(name, content, "")


def _something_else() -> Iterator[Hostile]:
    whole = seeds()
    texts = {
        "empty": b"",
        "one-byte": b"\xff",
        "zeros": bytes(1000),
        "ones": b"\xff" * 1000,
        "text": b"these bytes are text\n" * 20,
        "html": b"<!doctype html><html><body><img src=x></body></html>",
        "zip": b"PK\x03\x04" + bytes(200),
        "program": b"\x7fELF\x02\x01\x01" + bytes(200),
        "wave": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
        "script": b"#!/bin/sh\nexit 1\n",
        "bigtiff": b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + bytes(40),
    }
    for name, content in texts.items():
        yield refused(f"something-else/{name}.jpg", content, SOMETHING_ELSE)
    for kind, length in (("rgb.png", 8), ("baseline.jpg", 3), ("still.gif", 6), ("lossy.webp", 12)):
        suffix = kind.split(".")[1]
        yield refused(f"something-else/only-magic.{suffix}", whole[kind][:length], "")
        wrong = bytes([whole[kind][0] ^ 1]) + whole[kind][1:]
        yield refused(f"something-else/wrong-first-byte.{suffix}", wrong, SOMETHING_ELSE)
    for kind in ("raw.tif", "rgb.bmp"):
        suffix = kind.split(".")[1]
        yield refused(f"something-else/only-magic.{suffix}", whole[kind][:4], "")
        yield refused(f"something-else/only-header.{suffix}", whole[kind][:8], "")
    mixed = {
        "png": whole["rgb.png"][:8] + whole["baseline.jpg"],
        "jpg": b"\xff\xd8\xff" + whole["rgb.png"],
    }
    for suffix, content in mixed.items():
        yield refused(f"something-else/two-formats.{suffix}", content, "")
    shifted = {
        "space-first": b" " + whole["rgb.png"],
        "lines-by-windows": whole["rgb.png"].replace(b"\r\n", b"\n"),
        "byte-order-mark-first": b"\xef\xbb\xbf" + whole["rgb.png"],
    }
    for name, content in shifted.items():
        yield refused(f"something-else/{name}.png", content, SOMETHING_ELSE)
    # a name says nothing: the content decides
    for kind, suffix in (("rgb.png", "jpg"), ("rgb.bmp", "png"), ("lossless.webp", "gif")):
        yield accepted(f"something-else/really-{kind.split('.')[1]}.{suffix}", whole[kind])


def _checksums() -> Iterator[Hostile]:
    pixels = gradient(16, 8)
    raw = b"".join(b"\0" + row.tobytes() for row in pixels)
    deflated = zlib.compress(raw)
    header = png_header(16, 8, 8, 2)

    def with_bad_sum(kind: bytes, data: bytes) -> bytes:
        good = chunk(kind, data)
        return good[:-1] + bytes([good[-1] ^ 1])

    data = chunk(b"IDAT", deflated)
    broken = header[:-1] + bytes([header[-1] ^ 1]) + data + PNG_END
    yield refused("checksum/header.png", broken, "")
    yield either("checksum/pixels.png", header + with_bad_sum(b"IDAT", deflated) + PNG_END)
    for kind in (b"tEXt", b"gAMA", b"iCCP", b"eXIf", b"abCd"):
        content = header + with_bad_sum(kind, b"a\0b") + data + PNG_END
        # what pixels do not depend on is not looked at, as in browsers
        yield accepted(f"checksum/{kind.decode()}.png", content, pixels)
    yield refused(
        "checksum/unknown-critical.png",
        header + chunk(b"ABCD", b"") + chunk(b"IDAT", deflated[:9]) + PNG_END,
        "",
    )
    adler = deflated[:-1] + bytes([deflated[-1] ^ 1])
    yield either("checksum/adler.png", header + chunk(b"IDAT", adler) + PNG_END)
    yield refused("checksum/no-pixels.png", header + PNG_END, "")
    yield refused("checksum/no-header.png", PNG_MAGIC + data + PNG_END, "")
    yield refused("checksum/empty-pixels.png", header + chunk(b"IDAT", b"") + PNG_END, "")
    yield either(
        "checksum/half-the-pixels.png",
        header + chunk(b"IDAT", zlib.compress(raw[: len(raw) // 2])) + PNG_END,
    )
    yield accepted(
        "checksum/more-pixels.png",
        header + chunk(b"IDAT", zlib.compress(raw + raw)) + PNG_END,
        pixels,
    )
    many = b"".join(chunk(b"IDAT", deflated[i : i + 1]) for i in range(len(deflated)))
    yield accepted("checksum/a-chunk-a-byte.png", header + many + PNG_END, pixels)
    yield accepted("checksum/trailing-garbage.png", encoded_png(pixels) + b"\xde\xad" * 500, pixels)


def encoded_png(pixels) -> bytes:
    from PIL import Image

    return encoded(Image.fromarray(pixels), "PNG")
