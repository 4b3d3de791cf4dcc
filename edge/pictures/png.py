"""PNG: chunks, of which the decoder gets the critical ones and a palette's transparency."""

import struct
from typing import IO

from PIL.ImageFile import ImageFile

from edgeproof.edge.pictures.orientation import orientation_of
from edgeproof.edge.pictures.plain import MAX_PARTS, Plain, Refused, too_many_parts

_ANCILLARY = 0x20  # the bit of the type's first letter
_GRAY, _RGB, _PALETTE = 0, 2, 3
_DEPTHS = (1, 2, 4, 8, 16)
_XMP = b"XML:com.adobe.xmp\0"


def plain(content: bytes) -> Plain:
    """Without texts, profiles, animations, and what follows the end.

    Raises:
        Refused: too many chunks, or transparency that Pillow would lose.
    """
    kept: list[tuple[int, int]] = [(0, 8)]
    exif = xmp = transparent = None
    depth, color = content[24:26] if len(content) >= 26 else (8, _RGB)
    at = 8
    for _ in range(MAX_PARTS):
        body = at + 8
        if body > len(content):
            break
        length, kind = struct.unpack_from(">I4s", content, at)
        end = body + length + 4
        if kind == b"eXIf" and exif is None:
            exif = content[body : body + length]
        elif kind == b"iTXt" and xmp is None and content.startswith(_XMP, body, body + length):
            xmp = content[body : body + length]
        elif kind == b"tRNS" and color in (_GRAY, _RGB):
            transparent = _transparent(content[body : body + length], depth, color)
        if not kind[0] & _ANCILLARY or (kind == b"tRNS" and color == _PALETTE):
            if kept[-1][1] == at:
                at = kept.pop()[0]
            kept.append((at, end))
        at = end
        if kind == b"IEND":
            break
    else:
        raise too_many_parts("chunks")
    if len(kept) > 1 or kept[0][1] < len(content):
        view = memoryview(content)
        content = b"".join([view[start:end] for start, end in kept])
    return Plain(content, orientation_of(exif, xmp), transparent)


def _transparent(values: bytes, depth: int, color: int) -> int | tuple[int, ...] | None:
    """In 8 bits a channel, 16-bit gray in 16: Pillow 9 to 13 does so only where the depth is 8."""
    count = 1 if color == _GRAY else 3
    if len(values) < 2 * count or depth not in _DEPTHS:
        return None
    levels = struct.unpack_from(f">{count}H", values)
    if depth == 16:
        if color == _RGB:
            raise Refused(
                "expected 8 bits a channel beside a transparent colour, got 16; "
                "save it with an alpha channel"
            )
        return int(levels[0])
    most = (1 << depth) - 1
    scaled = tuple((level & most) * 255 // most for level in levels)
    return scaled[0] if color == _GRAY else scaled


def opened(file: IO[bytes]) -> ImageFile:
    from PIL.PngImagePlugin import PngImageFile

    return PngImageFile(file)
