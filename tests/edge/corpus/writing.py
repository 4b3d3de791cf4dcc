"""Small writers of picture formats, for files that no library would write."""

import struct
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

# ---- PNG


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_END = chunk(b"IEND", b"")


def png_header(width: int, height: int, depth: int, color: int, interlace: int = 0) -> bytes:
    data = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    return PNG_MAGIC + chunk(b"IHDR", data)


def png(
    samples: np.ndarray,
    depth: int,
    color: int,
    *,
    before: bytes = b"",
    after: bytes = b"",
    interlace: bool = False,
) -> bytes:
    """A PNG of samples, rows x columns x channels, each below 2 to the depth.

    `before` and `after` are chunks around the pixel data.
    """
    height, width = samples.shape[:2]
    # Adam7: first column and row, step across and down
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4))
    passes += ((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    parts = [samples[y::down, x::across] for x, y, across, down in passes if interlace]
    raw = b"".join(_png_rows(part, depth) for part in parts or [samples] if part.size)
    return b"".join(
        [
            png_header(width, height, depth, color, int(interlace)),
            before,
            chunk(b"IDAT", zlib.compress(raw, 6)),
            after,
            PNG_END,
        ]
    )


def _png_rows(samples: np.ndarray, depth: int) -> bytes:
    rows = samples.reshape(len(samples), -1)
    if depth == 16:
        packed = rows.astype(">u2").view(np.uint8).reshape(len(rows), -1)
    else:
        bits = (rows[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        packed = np.packbits(bits.reshape(len(rows), -1).astype(np.uint8), axis=1)
    return np.pad(packed, ((0, 0), (1, 0))).tobytes()  # each row after its filter's number, 0


# ---- JPEG


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """The JPEG with segments right after its start."""
    return b"".join([jpeg[:2], *segments, jpeg[2:]])


def jpeg_frame(
    marker: int, width: int, height: int, sampling: Sequence[int], precision: int = 8
) -> bytes:
    body = struct.pack(">BHHB", precision, height, width, len(sampling))
    components = b"".join(bytes([i + 1, s, 0]) for i, s in enumerate(sampling))
    return segment(marker, body + components)


# ---- TIFF

_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 11: 4, 12: 8, 13: 4, 16: 8}


def tiff(
    entries: Iterable[tuple[int, int, int, bytes]],
    data: bytes = b"",
    *,
    order: str = "<",
    next_directory: int = 0,
) -> bytes:
    """A TIFF structure: header, `data` from byte 8 on, values, and one directory.

    Each entry is a tag, a type, a count, and the value's bytes; a value that is longer than four
    bytes is put before the directory.
    """
    body = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4) + data)
    directory = []
    for tag, kind, count, value in entries:
        inline = value
        if len(value) > 4:
            inline = struct.pack(order + "I", len(body))
            body += value + b"\0" * (len(value) % 2)
        directory.append(struct.pack(order + "HHI", tag, kind, count) + inline.ljust(4, b"\0"))
    body += b"\0" * (len(body) % 2)
    struct.pack_into(order + "I", body, 4, len(body))
    body += struct.pack(order + "H", len(directory)) + b"".join(directory)
    return bytes(body + struct.pack(order + "I", next_directory))


def numbers(tag: int, *values: int, kind: int = 3, order: str = "<") -> tuple[int, int, int, bytes]:
    """An entry of whole numbers: 16 bits each, or 32 with kind 4."""
    letter = {1: "B", 3: "H", 4: "I"}[kind]
    return tag, kind, len(values), struct.pack(f"{order}{len(values)}{letter}", *values)


def tiff_picture(
    samples: np.ndarray,
    bits: int,
    photometric: int,
    *extra: tuple[int, int, int, bytes],
    order: str = "<",
    planar: bool = False,
) -> bytes:
    """An uncompressed TIFF of samples, rows x columns x channels, in one strip (or one a plane)."""
    height, width, channels = samples.shape
    kinds = {8: "u1", 16: order + "u2", 32: samples.dtype.newbyteorder(order)}
    wide = samples.astype(kinds[bits])
    strips = [wide[..., i].tobytes() for i in range(channels)] if planar else [wide.tobytes()]
    offsets = [8 + len(strips[0]) * i for i in range(len(strips))]
    entries = {
        256: numbers(256, width, order=order),
        257: numbers(257, height, order=order),
        258: numbers(258, *[bits] * channels, order=order),
        259: numbers(259, 1, order=order),
        262: numbers(262, photometric, order=order),
        273: numbers(273, *offsets, kind=4, order=order),
        277: numbers(277, channels, order=order),
        278: numbers(278, height, order=order),
        279: numbers(279, *map(len, strips), kind=4, order=order),
        284: numbers(284, 2 if planar else 1, order=order),
    }
    entries.update({entry[0]: entry for entry in extra})
    return tiff([entries[tag] for tag in sorted(entries)], b"".join(strips), order=order)


def exif(orientation: int = 6, *, kind: int = 3, order: str = "<") -> bytes:
    """An EXIF block, without JPEG's header, that states one orientation."""
    return tiff([numbers(0x0112, orientation, kind=kind, order=order)], order=order)


# ---- GIF


def gif_header(
    width: int, height: int, palette: bytes = bytes(range(12)), magic: str = "89a"
) -> bytes:
    """With a palette of a power of two of colours; none with b""."""
    size = (len(palette) // 3).bit_length() - 2
    flags = 0x80 | size if palette else 0
    return b"GIF" + magic.encode() + struct.pack("<HHBBB", width, height, flags, 0, 0) + palette


def gif_frame(
    indices: np.ndarray,
    *,
    left: int = 0,
    top: int = 0,
    palette: bytes = b"",
    transparent: int | None = None,
    interlaced: bool = False,
) -> bytes:
    """One picture: rows x columns of two-bit indices, in codes of three bits that never grow."""
    height, width = indices.shape
    control = b""
    if transparent is not None:
        control = b"\x21\xf9\x04" + bytes([1, 0, 0, transparent]) + b"\0"
    flags = (0x80 | ((len(palette) // 3).bit_length() - 2)) if palette else 0
    flags |= 0x40 if interlaced else 0
    if interlaced:
        order = [*range(0, height, 8), *range(4, height, 8), *range(2, height, 4)]
        indices = indices[[*order, *range(1, height, 2)]]
    descriptor = b"\x2c" + struct.pack("<HHHHB", left, top, width, height, flags) + palette
    return control + descriptor + b"\x02" + _gif_codes(indices.ravel()) + b"\0"


def _gif_codes(indices: np.ndarray) -> bytes:
    """A clear code (4) after every second index keeps codes at 3 bits; 5 ends."""
    padded = np.append(indices, 0) if len(indices) % 2 else indices
    codes = np.empty((len(padded) // 2, 3), np.uint8)
    codes[:, 0], codes[:, 1:] = 4, padded.reshape(-1, 2)
    flat = codes.ravel()[: len(indices) + (len(indices) + 1) // 2]
    bits = (np.append(flat, 5)[:, None] >> np.arange(3)) & 1
    data = np.packbits(bits.ravel().astype(np.uint8), bitorder="little").tobytes()
    return sub_blocks(data)


def sub_blocks(data: bytes) -> bytes:
    """GIF's blocks of at most 255 bytes, without the empty one that ends them."""
    return b"".join(
        bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255)
    )


# ---- WebP


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_canvas(width: int, height: int, flags: int = 0) -> bytes:
    """The extended header; flags: 2 animation, 4 XMP, 8 EXIF, 16 alpha, 32 profile."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size)


def webp_pixels(simple: bytes) -> bytes:
    """The chunks of a WebP file, without its header."""
    return simple[12:]


# ---- BMP


def bmp(
    width: int,
    height: int,
    bits: int,
    rows: bytes,
    *,
    compression: int = 0,
    palette: bytes = b"",
    masks: bytes = b"",
) -> bytes:
    """With the header of 40 bytes; rows as the format stores them, padded and upside down."""
    offset = 14 + 40 + len(masks) + len(palette)
    info = struct.pack("<IiiHHI", 40, width, height, 1, bits, compression)
    info += struct.pack("<IiiII", len(rows), 2835, 2835, len(palette) // 4, 0)
    head = b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset)
    return head + info + masks + palette + rows
