"""The orientation that EXIF or XMP states: the twin of `web/static/js/exif.js`.

Pillow's own reader keeps a copy of every value of every tag: an EXIF block of 64 KB whose tags all
name the same bytes would take 300 MB.
"""

import re
import struct

_ORIENTATION_TAG = 0x0112
_SHORT, _LONG = 3, 4
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')


def orientation_of(exif: bytes | None, xmp: bytes | None) -> int:
    """1 to 8 of a file with these blocks; XMP counts only where EXIF does not say."""
    stated = None if exif is None else orientation_in_tiff(exif)
    if stated is None and xmp is not None:
        stated = orientation_in_xmp(xmp)
    return stated if stated is not None and 1 <= stated <= 8 else 1


def orientation_in_tiff(tiff: bytes) -> int | None:
    """What the first directory of a TIFF structure says, an EXIF block being one; None if nothing.

    `Exif\\0\\0` may stand in front, as JPEG has it and some writers keep it elsewhere.
    """
    if tiff[:6] == b"Exif\0\0":
        tiff = tiff[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return None
    (directory,) = struct.unpack_from(order + "I", tiff, 4)
    if directory + 2 > len(tiff):
        return None
    (entries,) = struct.unpack_from(order + "H", tiff, directory)
    end = min(directory + 2 + 12 * entries, len(tiff) - 11)
    for at in range(directory + 2, end, 12):
        tag, kind = struct.unpack_from(order + "HH", tiff, at)
        if tag == _ORIENTATION_TAG and kind in (_SHORT, _LONG):
            value: int = struct.unpack_from(order + ("H" if kind == _SHORT else "I"), tiff, at + 8)[
                0
            ]
            return value
    return None


def orientation_in_xmp(xmp: bytes) -> int | None:
    found = _XMP_ORIENTATION.search(xmp)
    return int(found[1]) if found else None
