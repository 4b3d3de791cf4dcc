"""PNG's pixels: every depth and colour type, with and without transparency, plain and woven."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from tests.edge.corpus.hostile import BACKGROUND, Hostile, accepted, either, gradient, refused
from tests.edge.corpus.writing import chunk, png

GRAY, RGB, PALETTE, LA, RGBA = 0, 2, 3, 4, 6


def as_rgb(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels.astype(np.uint8)[..., None], 3, axis=-1)


def over(color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """By the contract: `(c a + b (255 - a) + 127) // 255`."""
    behind = np.asarray(BACKGROUND)
    wide, share = color.astype(int), alpha[..., None].astype(int)
    return ((wide * share + behind * (255 - share) + 127) // 255).astype(np.uint8)


def keyed(pixels: np.ndarray, where: np.ndarray) -> np.ndarray:
    out = pixels.copy()
    out[where] = BACKGROUND
    return out


def pictures() -> Iterator[Hostile]:
    color = gradient(21, 13)
    levels, alpha = color[..., 0], color[..., 2]
    for woven in (False, True):
        kind = "-interlaced" if woven else ""
        for depth in (1, 2, 4, 8):
            samples = levels >> (8 - depth)
            most = (1 << depth) - 1
            shown = as_rgb(samples.astype(int) * 255 // most)
            content = png(samples[..., None], depth, GRAY, interlace=woven)
            yield accepted(f"kinds/gray-{depth}{kind}.png", content, shown)
            key = int(samples[0, 5])
            content = png(
                samples[..., None],
                depth,
                GRAY,
                interlace=woven,
                before=chunk(b"tRNS", struct.pack(">H", key)),
            )
            yield accepted(
                f"kinds/gray-{depth}-transparent{kind}.png", content, keyed(shown, samples == key)
            )
            table = bytes(range(3 << depth)) if depth < 8 else bytes(i % 251 for i in range(768))
            colours = np.frombuffer(table, np.uint8).reshape(-1, 3)
            plte = chunk(b"PLTE", table)
            content = png(samples[..., None], depth, PALETTE, before=plte, interlace=woven)
            yield accepted(f"kinds/palette-{depth}{kind}.png", content, colours[samples])
            alphas = bytes([0, 100])
            content = png(
                samples[..., None],
                depth,
                PALETTE,
                before=plte + chunk(b"tRNS", alphas),
                interlace=woven,
            )
            share = np.array([0, 100] + [255] * (len(colours) - 2))[samples]
            yield accepted(
                f"kinds/palette-{depth}-transparent{kind}.png",
                content,
                over(colours[samples], share),
            )
        wide = levels.astype(np.uint16) * 256 + 77
        yield accepted(
            f"kinds/gray-16{kind}.png",
            png(wide[..., None], 16, GRAY, interlace=woven),
            as_rgb(levels),
        )
        key = chunk(b"tRNS", struct.pack(">H", int(wide[0, 5])))
        near = wide.copy()
        near[:, 6] = near[:, 5] + 1  # the same high byte, another level
        shown = keyed(as_rgb(near >> 8), near == wide[0, 5])
        yield accepted(
            f"kinds/gray-16-transparent{kind}.png",
            png(near[..., None], 16, GRAY, before=key, interlace=woven),
            shown,
        )
        both = np.dstack([levels, alpha])
        yield accepted(
            f"kinds/gray-alpha-8{kind}.png",
            png(both, 8, LA, interlace=woven),
            over(as_rgb(levels), alpha),
        )
        yield accepted(
            f"kinds/gray-alpha-16{kind}.png",
            png(both.astype(np.uint16) * 256 + 9, 16, LA, interlace=woven),
            over(as_rgb(levels), alpha),
        )
        yield accepted(f"kinds/rgb-8{kind}.png", png(color, 8, RGB, interlace=woven), color)
        yield accepted(
            f"kinds/rgb-16{kind}.png",
            png(color.astype(np.uint16) * 256 + 9, 16, RGB, interlace=woven),
            color,
        )
        key = chunk(b"tRNS", struct.pack(">HHH", *map(int, color[0, 5])))
        shown = keyed(color, (color == color[0, 5]).all(-1))
        yield accepted(
            f"kinds/rgb-8-transparent{kind}.png",
            png(color, 8, RGB, before=key, interlace=woven),
            shown,
        )
        rgba = np.dstack([color, alpha])
        yield accepted(
            f"kinds/rgba-8{kind}.png", png(rgba, 8, RGBA, interlace=woven), over(color, alpha)
        )
        yield accepted(
            f"kinds/rgba-16{kind}.png",
            png(rgba.astype(np.uint16) * 256 + 9, 16, RGBA, interlace=woven),
            over(color, alpha),
        )
    key = chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))
    yield refused(
        "kinds/rgb-16-transparent.png",
        png(color.astype(np.uint16), 16, RGB, before=key),
        "save it with an alpha channel",
    )
    short = chunk(b"tRNS", b"\0")
    yield accepted(
        "kinds/gray-8-transparency-cut.png",
        png(levels[..., None], 8, GRAY, before=short),
        as_rgb(levels),
    )
    for depth, kind in ((3, GRAY), (16, PALETTE), (4, RGB), (8, 5), (0, GRAY), (255, RGB)):
        content = png(color[..., :1] & 1, 1, GRAY, before=chunk(b"tRNS", bytes(6)))
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 21, 13, depth, kind, 0, 0, 0))
        yield refused(
            f"kinds/depth-{depth}-color-{kind}.png", content[:8] + header + content[33:], ""
        )
    nothing = png(levels[..., None], 8, PALETTE)
    yield either("kinds/palette-missing.png", nothing)
    yield either(
        "kinds/palette-of-one.png",
        png(levels[..., None], 8, PALETTE, before=chunk(b"PLTE", b"abc")),
    )
    yield refused("kinds/filter-9.png", nothing.replace(chunk_of(nothing), bad_filter(21, 13)), "")


def chunk_of(content: bytes) -> bytes:
    start = content.index(b"IDAT") - 4
    return content[start : start + 12 + int.from_bytes(content[start : start + 4], "big")]


def bad_filter(width: int, height: int) -> bytes:
    return chunk(b"IDAT", zlib.compress((b"\x09" + bytes(width)) * height))
