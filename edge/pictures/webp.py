"""WebP: a RIFF file of chunks, of which the decoder gets those with pixels."""

import struct
from typing import IO

from PIL.ImageFile import ImageFile

from edgeproof.edge.pictures.orientation import orientation_of
from edgeproof.edge.pictures.plain import (
    MAX_PARTS,
    Plain,
    check_size,
    cut_short,
    too_many_parts,
)

_PIXELS = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}
_EXTENDED_HEADER = b"VP8X"
_KEPT_FLAGS = 0x12  # alpha, animation; not profile, EXIF, XMP
# measured: libwebp's two canvases, then the bytes that Pillow copies from; 12 to 13 in all
_DECODER_BYTES_PER_PIXEL = 9.0


def plain(content: bytes) -> Plain:
    """Without EXIF, XMP, colour profiles and chunks that nobody knows.

    Raises:
        Refused: cut short, too many chunks or pixels.
    """
    end = min(len(content), 8 + int.from_bytes(content[4:8], "little"))
    kept: list[bytes | memoryview] = []
    view = memoryview(content)
    exif = xmp = None
    at = 12
    for _ in range(MAX_PARTS):
        if at + 8 > end:
            break
        kind, length = struct.unpack_from("<4sI", content, at)
        start, at = at, at + 8 + length + length % 2
        if start + 8 + length > end:
            raise cut_short("a chunk")
        if kind in _PIXELS:
            chunk = view[start:at]
            kept.append(_without_flags(bytes(chunk)) if kind == _EXTENDED_HEADER else chunk)
        elif kind == b"EXIF" and exif is None:
            exif = content[start + 8 : start + 8 + length]
        elif kind == b"XMP " and xmp is None:
            xmp = content[start + 8 : start + 8 + length]
    else:
        raise too_many_parts("chunks")
    length = 4 + sum(map(len, kept))
    reduced = b"".join([struct.pack("<4sI4s", b"RIFF", length, b"WEBP"), *kept])
    check_size(*_size(reduced[12:30]))
    return Plain(
        reduced,
        orientation_of(exif, xmp),
        decoder_bytes_per_pixel=_DECODER_BYTES_PER_PIXEL,
        decoder_bytes=len(reduced),  # libwebp's own copy of the file
    )


def _without_flags(extended_header: bytes) -> bytes:
    flags = bytes([extended_header[8] & _KEPT_FLAGS]) if len(extended_header) > 8 else b""
    return extended_header[:8] + flags + extended_header[9:]


def _size(first: bytes) -> tuple[int, int]:
    """Width and height by the first chunk: libwebp takes memory for them before anything else."""
    if len(first) < 18:
        raise cut_short("its header")
    if first.startswith(b"VP8X"):
        return (
            1 + int.from_bytes(first[12:15], "little"),
            1 + int.from_bytes(first[15:18], "little"),
        )
    if first.startswith(b"VP8L"):
        bits = int.from_bytes(first[9:13], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", first, 14)
    return width & 0x3FFF, height & 0x3FFF


def opened(file: IO[bytes]) -> ImageFile:
    from PIL.WebPImagePlugin import WebPImageFile

    class FirstFrame(WebPImageFile):
        def load_prepare(self) -> None:
            # the frame is out: the decoder's two canvases would stay beside Pillow's picture
            self._decoder = None
            super().load_prepare()

    return FirstFrame(file)
