"""GIF: blocks, of which the decoder gets those of the first picture."""

import struct
from typing import IO

from PIL.ImageFile import ImageFile

from edgeproof.edge.pictures.plain import (
    MAX_PARTS,
    Plain,
    Refused,
    check_size,
    cut_short,
    too_many_parts,
)

_EXTENSION, _IMAGE = 0x21, 0x2C
_GRAPHIC_CONTROL = 0xF9


def plain(content: bytes) -> Plain:
    """Without comments and applications' extensions in front of the first picture.

    Raises:
        Refused: no picture, too many blocks or pixels.
    """
    if len(content) < 13:
        raise cut_short("its header")
    at = 13 + _palette_bytes(content[10])
    head, control = content[:at], b""
    left = MAX_PARTS
    while content[at : at + 1] == bytes([_EXTENSION]):
        start, at = at, at + 2
        while at < len(content) and content[at]:  # sub-blocks, each after its length
            at += 1 + content[at]
            left -= 1
        left -= 1
        if left < 0:
            raise too_many_parts("blocks")
        at += 1
        if content[start + 1] == _GRAPHIC_CONTROL:
            control = content[start:at]  # the last one counts
    if at + 10 > len(content):
        raise cut_short("what stands before the picture")
    if content[at] != _IMAGE:
        raise Refused(f"cannot be decoded: expected a picture in a GIF, got block {content[at]}")
    width, height = struct.unpack_from("<HH", content, 6)
    x, y, across, down = struct.unpack_from("<4H", content, at + 1)
    frame = x, y, x + across, y + down
    width, height = max(width, frame[2]), max(height, frame[3])
    check_size(width, height)
    part = None if frame == (0, 0, width, height) else frame
    return Plain(
        b"".join([head, control, memoryview(content)[at:]]),
        frame=part,
        # a part alone becomes a picture with alpha
        decoder_bytes_per_pixel=0 if part is None else 5,
    )


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def opened(file: IO[bytes]) -> ImageFile:
    from PIL.GifImagePlugin import GifImageFile

    return GifImageFile(file)
