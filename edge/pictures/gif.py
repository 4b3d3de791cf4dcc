"""GIF: blocks, of which the decoder gets those of the first picture."""

import re
import struct
from typing import IO

from PIL.ImageFile import ImageFile

from edgeproof.edge.pictures.plain import MAX_PARTS, Plain, check_size, cut_short, too_many_parts

# anything else between blocks is skipped, as browsers and Pillow do
_BLOCK = re.compile(rb"[\x21\x2c\x3b]")
_EXTENSION, _IMAGE = b"\x21", b"\x2c"
_GRAPHIC_CONTROL = b"\xf9"


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
    while (found := _BLOCK.search(content, at)) and found[0] == _EXTENSION:
        start, at = found.start(), found.start() + 2
        while at < len(content) and content[at]:  # sub-blocks, each after its length
            at += 1 + content[at]
            left -= 1
        left -= 1
        if left < 0:
            raise too_many_parts("blocks")
        at += 1
        if content[start + 1 : start + 2] == _GRAPHIC_CONTROL:
            control = content[start:at]  # the last one counts
    if found is None or found[0] != _IMAGE or found.end() + 9 > len(content):
        raise cut_short("what stands before the picture")
    width, height = struct.unpack_from("<HH", content, 6)
    left, top, across, down = struct.unpack_from("<4H", content, found.end())
    frame = left, top, left + across, top + down
    width, height = max(width, frame[2]), max(height, frame[3])
    check_size(width, height)
    part = None if frame == (0, 0, width, height) else frame
    # a part alone becomes a picture with alpha
    content = b"".join([head, control, memoryview(content)[found.start() :]])
    return Plain(content, frame=part, decoder_bytes_per_pixel=0 if part is None else 5)


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def opened(file: IO[bytes]) -> ImageFile:
    from PIL.GifImagePlugin import GifImageFile

    return GifImageFile(file)
