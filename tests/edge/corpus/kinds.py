"""How TIFF, GIF, BMP and WebP store pixels, and ways that have no counterpart in 8 bits."""

import struct
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
from tests.edge.corpus.png_kinds import as_rgb, keyed, over
from tests.edge.corpus.writing import (
    bmp,
    gif_frame,
    gif_header,
    numbers,
    tiff_picture,
)


def pictures() -> Iterator[Hostile]:
    yield from _tiff()
    yield from _gif()
    yield from _bmp()
    yield from _webp()


def _tiff() -> Iterator[Hostile]:
    color = gradient(20, 12)
    levels = color[..., :1]
    for order, name in (("<", "little"), (">", "big")):
        yield accepted(
            f"kinds/gray-8-{name}.tif",
            tiff_picture(levels, 8, 1, order=order),
            as_rgb(levels[..., 0]),
            browser=False,
        )
        yield accepted(
            f"kinds/gray-16-{name}.tif",
            tiff_picture(levels.astype(int) * 256 + 7, 16, 1, order=order),
            as_rgb(levels[..., 0]),
            browser=False,
        )
        yield accepted(
            f"kinds/rgb-8-{name}.tif", tiff_picture(color, 8, 2, order=order), color, browser=False
        )
        yield accepted(
            f"kinds/rgb-16-{name}.tif",
            tiff_picture(color.astype(int) * 256 + 7, 16, 2, order=order),
            color,
            browser=False,
        )
    yield accepted(
        "kinds/white-is-zero.tif",
        tiff_picture(levels, 8, 0),
        255 - as_rgb(levels[..., 0]),
        browser=False,
    )
    yield accepted("kinds/planes.tif", tiff_picture(color, 8, 2, planar=True), color, browser=False)
    alpha = np.dstack([color, levels])
    extra = numbers(338, 2)
    yield accepted(
        "kinds/rgba.tif",
        tiff_picture(alpha, 8, 2, extra),
        over(color, levels[..., 0]),
        browser=False,
    )
    table = numbers(320, *[(i % 256) * 256 for i in range(768)])
    yield accepted(
        "kinds/palette.tif",
        tiff_picture(levels, 8, 3, table),
        as_rgb(levels[..., 0]),
        browser=False,
    )
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield accepted(
            f"kinds/{compression}.tif",
            encoded(Image.fromarray(color), "TIFF", compression=compression),
            color,
            browser=False,
        )
    says = "save it as PNG"
    for kind, number in (("float", 3), ("signed", 2), ("void", 4), ("complex", 6)):
        yield refused(
            f"kinds/{kind}.tif",
            tiff_picture(levels.astype(np.float32), 32, 1, numbers(339, number)),
            says,
            browser=False,
        )
    yield refused(
        "kinds/uint32.tif", tiff_picture(levels.astype(np.uint32), 32, 1), says, browser=False
    )
    yield refused("kinds/cielab.tif", tiff_picture(color, 8, 8), says, browser=False)
    yield refused("kinds/mask.tif", tiff_picture(levels, 8, 4), says, browser=False)
    for number in (0, 6, 9, 34712, 34925, 50000, 50001, 65535):
        yield refused(
            f"kinds/compression-{number}.tif",
            tiff_picture(levels, 8, 1, numbers(259, number)),
            says,
            browser=False,
        )
    many = np.repeat(levels, 40, axis=2)
    yield refused(
        "kinds/40-samples.tif",
        tiff_picture(many, 8, 2),
        "expected at most 5 samples",
        browser=False,
    )
    modes = {"F": "float-by-pillow", "I": "int32-by-pillow"}
    for mode, name in modes.items():
        yield refused(
            f"kinds/{name}.tif",
            encoded(Image.fromarray(levels[..., 0]).convert(mode), "TIFF"),
            says,
            browser=False,
        )
    yield accepted(
        "kinds/cmyk.tif",
        encoded(Image.fromarray(color).convert("CMYK"), "TIFF"),
        color,
        tolerance=1,
        browser=False,
    )


def _gif() -> Iterator[Hostile]:
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [250, 250, 250]], np.uint8)
    table = colours.tobytes()
    indices = (np.arange(17 * 23).reshape(17, 23) // 7 % 4).astype(np.uint8)
    head = gif_header(23, 17, table)
    yield accepted("kinds/still.gif", head + gif_frame(indices) + b";", colours[indices])
    yield accepted(
        "kinds/interlaced.gif", head + gif_frame(indices, interlaced=True) + b";", colours[indices]
    )
    yield accepted(
        "kinds/transparent.gif",
        head + gif_frame(indices, transparent=2) + b";",
        keyed(colours[indices], indices == 2),
    )
    local = colours[::-1].tobytes()
    yield accepted(
        "kinds/own-palette.gif",
        head + gif_frame(indices, palette=local) + b";",
        colours[::-1][indices],
    )
    # the rest of the screen stays transparent
    around = np.full((27, 33, 3), BACKGROUND, np.uint8)
    around[6:23, 4:27] = colours[indices]
    part = gif_header(33, 27, table) + gif_frame(indices, left=4, top=6) + b";"
    yield accepted("kinds/part-of-the-screen.gif", part, around)
    around = around.copy()
    around[6:23, 4:27][indices == 1] = BACKGROUND
    part = gif_header(33, 27, table) + gif_frame(indices, left=4, top=6, transparent=1) + b";"
    yield accepted("kinds/transparent-part-of-the-screen.gif", part, around)
    beyond = gif_header(9, 9, table) + gif_frame(indices) + b";"
    yield accepted("kinds/larger-than-the-screen.gif", beyond, colours[indices])
    yield either("kinds/without-palette.gif", gif_header(23, 17, b"") + gif_frame(indices) + b";")
    yield accepted(
        "kinds/87a.gif",
        gif_header(23, 17, table, "87a") + gif_frame(indices) + b";",
        colours[indices],
    )
    yield refused("kinds/no-frame.gif", head + b";", "")
    yield accepted("kinds/no-end.gif", head + gif_frame(indices), colours[indices])
    yield refused("kinds/junk-between.gif", head + b"\0\0\0" + gif_frame(indices) + b";", "block 0")
    for size in (0, 1, 9, 12, 255):
        frame = gif_frame(indices)
        at = frame.index(b"\x02", 9)
        yield either(
            f"kinds/code-size-{size}.gif",
            head + frame[:at] + bytes([size]) + frame[at + 1 :] + b";",
        )


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
    yield accepted(
        "kinds/palette-8.bmp",
        bmp(22, 10, 8, levels.tobytes(), palette=table),
        as_rgb(color[..., 0]),
    )
    bits = np.packbits(np.pad(color[::-1, :, 0] > 127, ((0, 0), (0, 10))), axis=1)
    yield accepted(
        "kinds/one-bit.bmp",
        bmp(22, 10, 1, bits.tobytes(), palette=table[:4] + table[-4:]),
        as_rgb((color[..., 0] > 127) * 255),
    )
    runs = b"".join(bytes([11, 10 * y, 11, 10 * y + 5]) + b"\0\0" for y in range(10)) + b"\0\1"
    shown = np.repeat(np.array([[10 * y, 10 * y + 5] for y in range(9, -1, -1)]), 11, axis=1)
    yield accepted(
        "kinds/run-length-8.bmp", bmp(22, 10, 8, runs, compression=1, palette=table), as_rgb(shown)
    )
    for compression in (2, 4, 5, 6, 11, 99):
        yield either(
            f"kinds/compression-{compression}.bmp",
            bmp(22, 10, 8, levels.tobytes(), compression=compression, palette=table),
        )
    for depth in (0, 2, 3, 16, 64):
        yield either(f"kinds/{depth}-bits.bmp", bmp(22, 10, depth, rows))
    for masks in ((0xFF, 0xFF, 0xFF), (0, 0, 0), (1, 2, 4)):
        yield either(
            f"kinds/masks-{masks[0]}-{masks[1]}.bmp",
            bmp(22, 10, 32, four.tobytes(), compression=3, masks=struct.pack("<3I", *masks)),
        )


def _webp() -> Iterator[Hostile]:
    color = gradient(40, 20)
    alpha = quadrants(40, 20)[..., 0]
    rgba = np.dstack([color, alpha])
    yield accepted(
        "kinds/lossless.webp", encoded(Image.fromarray(color), "WEBP", lossless=True), color
    )
    exact = encoded(Image.fromarray(rgba), "WEBP", lossless=True, exact=True)
    yield accepted("kinds/lossless-alpha.webp", exact, over(color, alpha))
    yield accepted(
        "kinds/lossy.webp", encoded(Image.fromarray(color), "WEBP", quality=95), color, tolerance=14
    )
    yield accepted(
        "kinds/lossy-alpha.webp",
        encoded(Image.fromarray(rgba), "WEBP", quality=95),
        over(color, alpha),
        tolerance=14,
    )
