"""What each format's module makes of a file."""

from dataclasses import dataclass

# 30 megapixels are 120 MB in Pillow, which takes 4 bytes for a pixel of 3: what a board with
# 512 MB can spare beside the system and a model
MAX_PIXELS = 30_000_000
# more parts (JPEG segments, PNG chunks, ...) than any writer makes; walking them takes 0.1 s
MAX_PARTS = 100_000


class Refused(Exception):
    """A picture is not read: one sentence, "expected ..., got ...", without the picture's name."""


@dataclass(frozen=True)
class Plain:
    """A picture file reduced to what its pixels need.

    Attributes:
        content: the file without metadata, colour profiles, and (where that is cheap) pictures
            after the first.
        orientation: EXIF's, 1 to 8.
        transparent: the gray level or the colour that a PNG declares transparent: 8 bits a
            channel, or 16 in a picture of 16-bit gray.
        frame: left, top, right and bottom of the part that the file draws, where that is not all.
        decoder_bytes_per_pixel: what the decoder holds beside the picture itself.
        decoder_bytes: the same, whatever the picture's size.
        passes: how often the decoder goes over all pixels.
        in_pieces: whether what comes after the header may be read piece by piece, in Python.
    """

    content: bytes
    orientation: int = 1
    transparent: int | tuple[int, ...] | None = None
    frame: tuple[int, int, int, int] | None = None
    decoder_bytes_per_pixel: float = 0
    decoder_bytes: int = 0
    passes: int = 1
    in_pieces: bool = True


def check_size(width: int, height: int) -> None:
    """Raise Refused for a picture without pixels, or with too many."""
    if width < 1 or height < 1:
        raise Refused(f"expected a picture, got one of {width} x {height} pixels")
    if width * height > MAX_PIXELS:
        raise Refused(f"expected at most {MAX_PIXELS:,} pixels, got {width} x {height}")


def too_many_parts(what: str) -> Refused:
    return Refused(f"expected at most {MAX_PARTS:,} {what}, got more")


def cut_short(where: str) -> Refused:
    return Refused(f"cannot be decoded: expected a whole file, got one that ends in {where}")
