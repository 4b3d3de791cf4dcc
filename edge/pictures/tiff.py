"""TIFF: a directory of tags, of which the decoder gets those that pixels depend on.

Pillow and libtiff read scientific and historical TIFF too; what has no counterpart in 8 or 16 bits
of gray or colour (float, signed and 32-bit samples, CIELab) is refused and not guessed at.
"""

import struct
from functools import cache
from typing import IO

from PIL.ImageFile import ImageFile

from edgeproof.edge.pictures.orientation import orientation_in_tiff
from edgeproof.edge.pictures.plain import Plain, Refused, check_size, cut_short

_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES, _ROWS_PER_STRIP, _TILE_WIDTH, _TILE_HEIGHT, _SAMPLE_FORMAT = 277, 278, 322, 323, 339
# beside those: fill order, strips, planes, fax options, predictor, palette, tiles, extra samples,
# JPEG's tables, YCbCr's coefficients, sampling, position and reference
_KEPT = {
    *(_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, 266, 273, _SAMPLES, _ROWS_PER_STRIP),
    *(279, 284, 292, 293, 317, 320, _TILE_WIDTH, _TILE_HEIGHT, 324, 325, 338, _SAMPLE_FORMAT),
    *(347, 529, 530, 531, 532),
}
# all others may have several values; Pillow warns where one of these has
_SINGLE = _KEPT - {_BITS, 273, 279, 320, 324, 325, 338, _SAMPLE_FORMAT, 347, 529, 530, 532}
# size of a value and, for whole numbers, the letter that struct knows them by
_TYPES = {
    1: (1, "B"), 2: (1, ""), 3: (2, "H"), 4: (4, "I"), 5: (8, ""), 6: (1, ""), 7: (1, ""),
    8: (2, ""), 9: (4, ""), 10: (8, ""), 11: (4, ""), 12: (8, ""),
}  # fmt: skip
# strips or tiles: one for each row of a picture that is as high as any
_MAX_VALUES = 65_536
_COMPRESSIONS = {
    1: "none", 2: "CCITT", 3: "fax group 3", 4: "fax group 4", 5: "LZW", 7: "JPEG",
    8: "deflate", 32773: "PackBits", 32946: "deflate",
}  # fmt: skip
_PHOTOMETRICS = {
    0: "white is zero",
    1: "black is zero",
    2: "RGB",
    3: "palette",
    5: "CMYK",
    6: "YCbCr",
}
_MAX_SAMPLES = 5  # CMYK and one extra


def plain(content: bytes) -> Plain:
    """With nothing but the first directory, and of that the tags that pixels depend on.

    Raises:
        Refused: cut short, too large, or pixels of another kind than the contract knows.
    """
    order = _ORDERS[content[:4]]
    if len(content) < 8:
        raise cut_short("its header")
    (at,) = struct.unpack_from(order + "I", content, 4)
    if at + 2 > len(content):
        raise cut_short("its directory")
    (entries,) = struct.unpack_from(order + "H", content, at)
    if at + 2 + 12 * entries > len(content):
        raise cut_short("its directory")
    directory: dict[int, bytes] = {}
    values: dict[int, tuple[int, ...]] = {}
    for start in range(at + 2, at + 2 + 12 * entries, 12):
        tag = struct.unpack_from(order + "H", content, start)[0]
        if tag in _KEPT and tag not in directory:
            directory[tag] = content[start : start + 12]
            values[tag] = _values(content, order, start)
    _check_kind(values)
    reduced = struct.pack(order + "H", len(directory)) + b"".join(
        directory[tag] for tag in sorted(directory)
    )
    view = memoryview(content)
    return Plain(
        b"".join([view[:at], reduced, bytes(4), view[at + len(reduced) + 4 :]]),
        orientation_in_tiff(content) or 1,
        decoder_bytes=_piece_bytes(values),
    )


def _values(content: bytes, order: str, entry: int) -> tuple[int, ...]:
    """An entry's whole numbers; none where it holds something else."""
    tag, kind, count = struct.unpack_from(order + "HHI", content, entry)
    if kind not in _TYPES or count > _MAX_VALUES:
        raise Refused(
            f"expected at most {_MAX_VALUES:,} values of a known type in tag {tag}, "
            f"got {count:,} of type {kind}"
        )
    if tag in _SINGLE and count != 1:
        raise Refused(f"expected one value in tag {tag}, got {count:,}")
    size, letter = _TYPES[kind]
    at = entry + 8
    if size * count > 4:
        (at,) = struct.unpack_from(order + "I", content, at)
        if at + size * count > len(content):
            raise cut_short(f"tag {tag}")
    return struct.unpack_from(f"{order}{count}{letter}", content, at) if letter else ()


def _check_kind(values: dict[int, tuple[int, ...]]) -> None:
    """Raise Refused for pixels that are not gray, palette, RGB, CMYK or YCbCr of up to 16 bits."""
    check_size(_first(values, _WIDTH, 0), _first(values, _HEIGHT, 0))
    if _first(values, _SAMPLES, 1) > _MAX_SAMPLES:
        raise Refused(
            f"expected at most {_MAX_SAMPLES} samples a pixel, got {_first(values, _SAMPLES, 1)}"
        )
    for tag, what, known in (
        (_SAMPLE_FORMAT, "samples that are unsigned whole numbers (format 1)", (1,)),
        (_BITS, "samples of 1, 2, 4, 8 or 16 bits", (1, 2, 4, 8, 16)),
        (_COMPRESSION, f"a compression of {_listed(_COMPRESSIONS)}", _COMPRESSIONS),
        (_PHOTOMETRIC, f"a photometric interpretation of {_listed(_PHOTOMETRICS)}", _PHOTOMETRICS),
    ):
        for value in values.get(tag, ()):
            if value not in known:
                raise Refused(f"expected {what}, got {value}; save it as PNG")


def _listed(known: dict[int, str]) -> str:
    return ", ".join(f"{number} ({name})" for number, name in known.items())


def _piece_bytes(values: dict[int, tuple[int, ...]]) -> int:
    """What libtiff decodes at a time, a strip or a tile; 0 where nothing is compressed."""
    compression = _first(values, _COMPRESSION, 1)
    if compression == 1:
        return 0
    bits = values.get(_BITS, (1,))
    pixel_bits = sum(bits) if len(bits) > 1 else sum(bits) * _first(values, _SAMPLES, 1)
    if _COMPRESSIONS[compression] == "JPEG":
        pixel_bits = max(pixel_bits, 32)
    if _TILE_WIDTH in values:
        pixels = _first(values, _TILE_WIDTH, 0) * _first(values, _TILE_HEIGHT, 0)
    else:
        height = _first(values, _HEIGHT, 0)
        pixels = _first(values, _WIDTH, 0) * min(height, _first(values, _ROWS_PER_STRIP, height))
    return pixels * pixel_bits // 8


def _first(values: dict[int, tuple[int, ...]], tag: int, default: int) -> int:
    return next(iter(values.get(tag, ())), default)


def opened(file: IO[bytes]) -> ImageFile:
    from PIL.TiffImagePlugin import TiffImageFile

    _silence_libtiff()
    return TiffImageFile(file)


@cache
def _silence_libtiff() -> None:
    """libtiff writes its errors to descriptor 2 and returns them as well, which is enough.

    By its own interface, found through Pillow's extension that is linked with it: turning the
    descriptor itself away would turn other threads' output away too.
    """
    import ctypes

    from PIL import _imaging

    library = ctypes.CDLL(_imaging.__file__)
    # not there where libtiff is part of the extension; then it goes on talking
    set_handler = getattr(library, "TIFFSetErrorHandler", None)
    if set_handler is not None:
        set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
        set_handler(None)
