"""Every way in which the formats store pixels, and ways that have no counterpart in 8 bits."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.edge.corpus.hostile import (
    BACKGROUND,
    Hostile,
    accepted,
    either,
    encoded,
    gradient,
    quadrants,
    refused,
)
from tests.edge.corpus.writing import (
    bmp,
    chunk,
    gif_frame,
    gif_header,
    numbers,
    png,
    tiff_picture,
)

GRAY, RGB, PALETTE, LA, RGBA = 0, 2, 3, 4, 6


def pictures() -> Iterator[Hostile]:
    yield from _png()
    yield from _tiff()
    yield from _gif()
    yield from _bmp()
    yield from _webp()


def _gray(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels.astype(np.uint8)[..., None], 3, axis=-1)


def _over(color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """By the contract: `(c a + b (255 - a) + 127) // 255`."""
    behind = np.asarray(BACKGROUND)
    wide, share = color.astype(int), alpha[..., None].astype(int)
    return ((wide * share + behind * (255 - share) + 127) // 255).astype(np.uint8)


def _keyed(pixels: np.ndarray, where: np.ndarray) -> np.ndarray:
    out = pixels.copy()
    out[where] = BACKGROUND
    return out


def _png() -> Iterator[Hostile]:
    color = gradient(21, 13)
    levels, alpha = color[..., 0], color[..., 2]
    for woven in (False, True):
        kind = "-interlaced" if woven else ""
        for depth in (1, 2, 4, 8):
            samples = levels >> (8 - depth)
            most = (1 << depth) - 1
            shown = _gray(samples.astype(int) * 255 // most)
            content = png(samples[..., None], depth, GRAY, interlace=woven)
            yield accepted(f"kinds/gray-{depth}{kind}.png", content, shown)
            key = int(samples[0, 5])
            content = png(samples[..., None], depth, GRAY, interlace=woven, before=chunk(b"tRNS", struct.pack(">H", key)))
            yield accepted(f"kinds/gray-{depth}-transparent{kind}.png", content, _keyed(shown, samples == key))
            table = bytes(range(0, 3 << depth)) if depth < 8 else bytes(i % 251 for i in range(768))
            colours = np.frombuffer(table, np.uint8).reshape(-1, 3)
            plte = chunk(b"PLTE", table)
            content = png(samples[..., None], depth, PALETTE, before=plte, interlace=woven)
            yield accepted(f"kinds/palette-{depth}{kind}.png", content, colours[samples])
            alphas = bytes([0, 100])
            content = png(samples[..., None], depth, PALETTE, before=plte + chunk(b"tRNS", alphas), interlace=woven)
            share = np.array([0, 100] + [255] * (len(colours) - 2))[samples]
            yield accepted(f"kinds/palette-{depth}-transparent{kind}.png", content, _over(colours[samples], share))
        wide = levels.astype(np.uint16) * 256 + 77
        yield accepted(f"kinds/gray-16{kind}.png", png(wide[..., None], 16, GRAY, interlace=woven), _gray(levels))
        key = chunk(b"tRNS", struct.pack(">H", int(wide[0, 5])))
        near = wide.copy()
        near[:, 6] = near[:, 5] + 1  # the same high byte, another level
        shown = _keyed(_gray(near >> 8), near == wide[0, 5])
        yield accepted(f"kinds/gray-16-transparent{kind}.png", png(near[..., None], 16, GRAY, before=key, interlace=woven), shown)
        both = np.dstack([levels, alpha])
        yield accepted(f"kinds/gray-alpha-8{kind}.png", png(both, 8, LA, interlace=woven), _over(_gray(levels), alpha))
        yield accepted(f"kinds/gray-alpha-16{kind}.png", png(both.astype(np.uint16) * 256 + 9, 16, LA, interlace=woven), _over(_gray(levels), alpha))
        yield accepted(f"kinds/rgb-8{kind}.png", png(color, 8, RGB, interlace=woven), color)
        yield accepted(f"kinds/rgb-16{kind}.png", png(color.astype(np.uint16) * 256 + 9, 16, RGB, interlace=woven), color)
        key = chunk(b"tRNS", struct.pack(">HHH", *map(int, color[0, 5])))
        shown = _keyed(color, (color == color[0, 5]).all(-1))
        yield accepted(f"kinds/rgb-8-transparent{kind}.png", png(color, 8, RGB, before=key, interlace=woven), shown)
        rgba = np.dstack([color, alpha])
        yield accepted(f"kinds/rgba-8{kind}.png", png(rgba, 8, RGBA, interlace=woven), _over(color, alpha))
        yield accepted(f"kinds/rgba-16{kind}.png", png(rgba.astype(np.uint16) * 256 + 9, 16, RGBA, interlace=woven), _over(color, alpha))
    key = chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))
    yield refused("kinds/rgb-16-transparent.png", png(color.astype(np.uint16), 16, RGB, before=key), "save it with an alpha channel")
    short = chunk(b"tRNS", b"\0")
    yield accepted("kinds/gray-8-transparency-cut.png", png(levels[..., None], 8, GRAY, before=short), _gray(levels))
    for depth, kind in ((3, GRAY), (16, PALETTE), (4, RGB), (8, 5), (0, GRAY), (255, RGB)):
        content = png(color[..., :1] & 1, 1, GRAY)
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 21, 13, depth, kind, 0, 0, 0))
        yield refused(f"kinds/depth-{depth}-color-{kind}.png", content[:8] + header + content[33:], "")
    nothing = png(levels[..., None], 8, PALETTE)
    yield either("kinds/palette-missing.png", nothing)
    yield either("kinds/palette-of-one.png", png(levels[..., None], 8, PALETTE, before=chunk(b"PLTE", b"abc")))
    yield refused("kinds/filter-9.png", nothing.replace(chunk_of(nothing), bad_filter(21, 13)), "")


def chunk_of(content: bytes) -> bytes:
    start = content.index(b"IDAT") - 4
    return content[start : start + 12 + int.from_bytes(content[start : start + 4], "big")]


def bad_filter(width: int, height: int) -> bytes:
    return chunk(b"IDAT", zlib.compress((b"\x09" + bytes(width)) * height))


def _tiff() -> Iterator[Hostile]:
    color = gradient(20, 12)
    levels = color[..., :1]
    for order, name in (("<", "little"), (">", "big")):
        yield accepted(f"kinds/gray-8-{name}.tif", tiff_picture(levels, 8, 1, order=order), _gray(levels[..., 0]), browser=False)
        yield accepted(f"kinds/gray-16-{name}.tif", tiff_picture(levels.astype(int) * 256 + 7, 16, 1, order=order), _gray(levels[..., 0]), browser=False)
        yield accepted(f"kinds/rgb-8-{name}.tif", tiff_picture(color, 8, 2, order=order), color, browser=False)
        yield accepted(f"kinds/rgb-16-{name}.tif", tiff_picture(color.astype(int) * 256 + 7, 16, 2, order=order), color, browser=False)
    yield accepted("kinds/white-is-zero.tif", tiff_picture(levels, 8, 0), 255 - _gray(levels[..., 0]), browser=False)
    yield accepted("kinds/planes.tif", tiff_picture(color, 8, 2, planar=True), color, browser=False)
    alpha = np.dstack([color, levels])
    extra = numbers(338, 2)
    yield accepted("kinds/rgba.tif", tiff_picture(alpha, 8, 2, extra), _over(color, levels[..., 0]), browser=False)
    table = numbers(320, *[(i % 256) * 256 for i in range(768)])
    yield accepted("kinds/palette.tif", tiff_picture(levels, 8, 3, table), _gray(levels[..., 0]), browser=False)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield accepted(f"kinds/{compression}.tif", encoded(Image.fromarray(color), "TIFF", compression=compression), color, browser=False)
    says = "save it as PNG"
    for kind, number in (("float", 3), ("signed", 2), ("void", 4), ("complex", 6)):
        yield refused(f"kinds/{kind}.tif", tiff_picture(levels.astype(np.float32), 32, 1, numbers(339, number)), says, browser=False)
    yield refused("kinds/uint32.tif", tiff_picture(levels.astype(np.uint32), 32, 1), says, browser=False)
    yield refused("kinds/cielab.tif", tiff_picture(color, 8, 8), says, browser=False)
    yield refused("kinds/mask.tif", tiff_picture(levels, 8, 4), says, browser=False)
    for number in (0, 6, 9, 34712, 34925, 50000, 50001, 65535):
        yield refused(f"kinds/compression-{number}.tif", tiff_picture(levels, 8, 1, numbers(259, number)), says, browser=False)
    many = np.repeat(levels, 40, axis=2)
    yield refused("kinds/40-samples.tif", tiff_picture(many, 8, 2), "expected at most 5 samples", browser=False)
    modes = {"F": "float-by-pillow", "I": "int32-by-pillow"}
    for mode, name in modes.items():
        yield refused(f"kinds/{name}.tif", encoded(Image.fromarray(levels[..., 0]).convert(mode), "TIFF"), says, browser=False)
    yield accepted("kinds/cmyk.tif", encoded(Image.fromarray(color).convert("CMYK"), "TIFF"), color, tolerance=1, browser=False)


def _gif() -> Iterator[Hostile]:
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [250, 250, 250]], np.uint8)
    table = colours.tobytes()
    indices = (np.arange(17 * 23).reshape(17, 23) // 7 % 4).astype(np.uint8)
    head = gif_header(23, 17, table)
    yield accepted("kinds/still.gif", head + gif_frame(indices) + b";", colours[indices])
    yield accepted("kinds/interlaced.gif", head + gif_frame(indices, interlaced=True) + b";", colours[indices])
    yield accepted("kinds/transparent.gif", head + gif_frame(indices, transparent=2) + b";", _keyed(colours[indices], indices == 2))
    local = colours[::-1].tobytes()
    yield accepted("kinds/own-palette.gif", head + gif_frame(indices, palette=local) + b";", colours[::-1][indices])
    # the rest of the screen stays transparent
    around = np.full((27, 33, 3), BACKGROUND, np.uint8)
    around[6:23, 4:27] = colours[indices]
    part = gif_header(33, 27, table) + gif_frame(indices, left=4, top=6) + b";"
    yield accepted("kinds/part-of-the-screen.gif", part, around)
    around[6:23, 4:27][indices == 1] = BACKGROUND
    part = gif_header(33, 27, table) + gif_frame(indices, left=4, top=6, transparent=1) + b";"
    yield accepted("kinds/transparent-part-of-the-screen.gif", part, around)
    beyond = gif_header(9, 9, table) + gif_frame(indices) + b";"
    yield accepted("kinds/larger-than-the-screen.gif", beyond, colours[indices])
    yield either("kinds/without-palette.gif", gif_header(23, 17, b"") + gif_frame(indices) + b";")
    yield accepted("kinds/87a.gif", gif_header(23, 17, table, "87a") + gif_frame(indices) + b";", colours[indices])
    yield refused("kinds/no-frame.gif", head + b";", "")
    yield accepted("kinds/no-end.gif", head + gif_frame(indices), colours[indices])
    yield accepted("kinds/junk-between.gif", head + b"\0\0\0" + gif_frame(indices) + b";", colours[indices])
    for size in (0, 1, 9, 12, 255):
        frame = gif_frame(indices)
        at = frame.index(b"\x02", 9)
        yield either(f"kinds/code-size-{size}.gif", head + frame[:at] + bytes([size]) + frame[at + 1 :] + b";")


def _bmp() -> Iterator[Hostile]:
    color = gradient(22, 10)  # 22 * 3 bytes: rows are padded
    rows = b"".join(row[:, ::-1].tobytes() + b"\0\0" for row in color[::-1])
    yield accepted("kinds/rgb-24.bmp", bmp(22, 10, 24, rows), color)
    down = b"".join(row[:, ::-1].tobytes() + b"\0\0" for row in color)
    yield accepted("kinds/from-the-top.bmp", bmp(22, -10, 24, down), color)
    four = np.dstack([color[..., ::-1], np.full(color.shape[:2], 77, np.uint8)])
    yield accepted("kinds/rgb-32.bmp", bmp(22, 10, 32, four[::-1].tobytes()), color)
    table = bytes(v for i in range(256) for v in (i, i, i, 0))
    levels = np.ascontiguousarray(np.pad(color[::-1, :, 0], ((0, 0), (0, 2))))
    yield accepted("kinds/palette-8.bmp", bmp(22, 10, 8, levels.tobytes(), palette=table), _gray(color[..., 0]))
    bits = np.packbits(np.pad(color[::-1, :, 0] > 127, ((0, 0), (0, 10))), axis=1)
    yield accepted("kinds/one-bit.bmp", bmp(22, 10, 1, bits.tobytes(), palette=table[:4] + table[-4:]), _gray((color[..., 0] > 127) * 255))
    runs = b"".join(bytes([11, 10 * y, 11, 10 * y + 5]) + b"\0\0" for y in range(10)) + b"\0\1"
    shown = np.repeat(np.array([[10 * y, 10 * y + 5] for y in range(9, -1, -1)]), 11, axis=1)
    yield accepted("kinds/run-length-8.bmp", bmp(22, 10, 8, runs, compression=1, palette=table), _gray(shown))
    for compression in (2, 4, 5, 6, 11, 99):
        yield either(f"kinds/compression-{compression}.bmp", bmp(22, 10, 8, levels.tobytes(), compression=compression, palette=table))
    for depth in (0, 2, 3, 16, 64):
        yield either(f"kinds/{depth}-bits.bmp", bmp(22, 10, depth, rows))
    for masks in ((0xFF, 0xFF, 0xFF), (0, 0, 0), (1, 2, 4)):
        yield either(f"kinds/masks-{masks[0]}-{masks[1]}.bmp", bmp(22, 10, 32, four.tobytes(), compression=3, masks=struct.pack("<3I", *masks)))


def _webp() -> Iterator[Hostile]:
    color = gradient(40, 20)
    alpha = quadrants(40, 20)[..., 0]
    rgba = np.dstack([color, alpha])
    yield accepted("kinds/lossless.webp", encoded(Image.fromarray(color), "WEBP", lossless=True), color)
    exact = encoded(Image.fromarray(rgba), "WEBP", lossless=True, exact=True)
    yield accepted("kinds/lossless-alpha.webp", exact, _over(color, alpha))
    yield accepted("kinds/lossy.webp", encoded(Image.fromarray(color), "WEBP", quality=95), color, tolerance=14)
    yield accepted("kinds/lossy-alpha.webp", encoded(Image.fromarray(rgba), "WEBP", quality=95), _over(color, alpha), tolerance=14)
