"""JPEG: segments up to the first scan, of which the decoder gets those that pixels depend on."""

import re
from collections.abc import Iterator
from typing import IO

from PIL.ImageFile import ImageFile

from edgeproof.edge.pictures.orientation import orientation_of
from edgeproof.edge.pictures.plain import MAX_PARTS, Plain, Refused, cut_short, too_many_parts

# whatever stands between segments is skipped, as libjpeg does; 0xff may be repeated
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_END, _START_OF_SCAN = 0xD9, 0xDA
_EXIF_OR_XMP = 0xE1
_METADATA = {*range(0xE0, 0xF0), 0xFE}
# which of the applications' own segments say something about colours, and their least length
_COLOUR = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}
_PIECE_BYTES = 1 << 18
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"


def plain(content: bytes) -> Plain:
    """Without comments and applications' segments: EXIF, profiles, thumbnails, further pictures.

    Raises:
        Refused: no frame, no scan, a segment that is cut short, or too many of them.
    """
    kept = [content[:2]]
    exif = xmp = frame = None
    progressive = False
    scan = len(content)
    for marker, start, end in _segments(content):
        body = content[start + 4 : end]
        if marker == _START_OF_SCAN:
            scan = start
            break
        if marker == _EXIF_OR_XMP:
            exif = body if exif is None and body.startswith(_EXIF) else exif
            xmp = body if xmp is None and body.startswith(_XMP) else xmp
        if marker in _START_OF_FRAME:
            frame, progressive = body, marker in _PROGRESSIVE
        if marker not in _METADATA or _is_about_colour(marker, body):
            kept.append(content[start:end])
    if frame is None:
        raise Refused("cannot be decoded: expected a frame before the scan, got none")
    scans = _scans(content, scan, frame, progressive)
    return Plain(
        content if sum(map(len, kept)) == scan else b"".join([*kept, memoryview(content)[scan:]]),
        orientation_of(exif, xmp),
        decoder_bytes_per_pixel=_coefficient_bytes(frame) if progressive or scans > 1 else 0,
        passes=scans,
        in_pieces=False,
    )


def _scans(content: bytes, first: int, frame: bytes, progressive: bool) -> int:
    """How many scans a decoder goes through, at most.

    libjpeg decodes one that holds all components of a sequential picture, and no further one; to
    look for others in 74 KB would take 75 us, three times as long as all of its header.
    """
    components = content[first + 4 : first + 5]
    if not progressive and components == frame[5:6]:
        return 1
    return content.count(b"\xff\xda", first)


def _is_about_colour(marker: int, body: bytes) -> bool:
    name, length = _COLOUR.get(marker, (b"", len(body) + 1))
    return len(body) >= length and body.startswith(name)


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Each segment's marker, and where it starts and ends, the first scan's being the last."""
    at = 2
    for _ in range(MAX_PARTS):
        found = _MARKER.search(content, at)
        if found is None:
            raise cut_short("its header")
        marker, at = found[1][0], found.end()
        if marker == _END:
            raise Refused("cannot be decoded: expected a scan, got a JPEG that ends without one")
        if marker in _WITHOUT_LENGTH:
            yield marker, at - 2, at
            continue
        start, length = at - 2, int.from_bytes(content[at : at + 2], "big")
        at += length
        if length < 2 or at > len(content):
            raise cut_short("a segment")
        yield marker, start, at
    raise too_many_parts("segments")


def _coefficient_bytes(frame: bytes) -> float:
    """For each pixel: a decoder of several scans holds all coefficients, 16 bits each."""
    sampling = [(byte >> 4, byte & 15) for byte in frame[7::3]]
    across = max((h for h, _ in sampling), default=0)
    down = max((v for _, v in sampling), default=0)
    if across == 0 or down == 0:
        return 2.0 * max(1, len(sampling))
    return 2.0 * sum(h * v for h, v in sampling) / (across * down)


def opened(file: IO[bytes]) -> ImageFile:
    from PIL.JpegImagePlugin import JpegImageFile

    picture = JpegImageFile(file)
    # a camera's frame in one piece and not in two: each is a turn at Python's lock
    picture.decodermaxblock = _PIECE_BYTES
    return picture
