"""A picture file decoded by Pillow, with bounded memory and processor time.

Six formats: those that browsers show and every supported Pillow reads (PNG, JPEG, WebP, GIF, BMP),
and TIFF, as scanners and microscopes write it. Not AVIF, which the Pillow of 32-bit boards cannot
read, nor any of Pillow's forty others: each is one more parser for hostile input, and
PostScript is a program.
"""

import io
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from PIL import Image

from edgeproof.edge.pictures.budget import Budget
from edgeproof.edge.pictures.plain import Plain, Refused, check_size
from edgeproof.edge.pictures.source import bytes_of_file

# decoding takes at most this beside the process itself, however many threads decode; 24 megapixels
# of JPEG take 110 MB
MAX_DECODING_BYTES = 120_000_000
_BUDGET = Budget(MAX_DECODING_BYTES)
# photographs of 12 megapixels are smaller
_LARGE_FILE_BYTES = 8_000_000
_ONE_LARGE_FILE = threading.Lock()
# every scan of a progressive JPEG goes over all pixels: 0.8 s here (AMD EPYC) for as many
_MAX_PASSED_PIXELS = 1_000_000_000
# decoders that loop in Python (run-length BMP, TIFF's strips) read piecemeal: 0.2 s for as many
_MAX_READS = 100_000
_MESSAGE_LENGTH = 160

# Pillow's memory for one pixel; 4 bytes for every other mode
_MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
_MODES = {*_MODE_BYTES, "I", "LA", "PA", "RGB", "RGBX", "RGBA", "CMYK", "YCbCr"}


@dataclass(frozen=True)
class Decoded:
    """A decoded picture as its file stores it, and the EXIF orientation, 1 to 8."""

    picture: Image.Image
    orientation: int


class _FewReads(io.BytesIO):
    """A file that cannot be read in millions of small pieces."""

    left = _MAX_READS

    def read(self, size: int | None = -1) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise Refused(f"expected a picture that is read in {_MAX_READS:,} pieces, got more")
        return super().read(size)


def decoded(source: str | Path | bytes, target_width: int, turn: ExitStack) -> Decoded:
    """Decode a file (its path or its bytes).

    Args:
        target_width: columns of the image that is to be made of it: an image of that width and of
            the picture's height is part of what has to fit into memory.
        turn: holds the picture's share of `MAX_DECODING_BYTES`, which all threads share; to be
            closed when the picture is no longer needed.

    Raises:
        Refused: no picture, a damaged one, or one that takes too much memory or time.
    """
    share = 0

    def make_room(size: int) -> None:
        nonlocal share
        if size > _LARGE_FILE_BYTES:
            # twice: the file, and what is plain of it. One thread alone holds a share and asks
            # for more below, so that none waits for ever
            share = min(2 * size, MAX_DECODING_BYTES)
            turn.enter_context(_ONE_LARGE_FILE)
            turn.enter_context(_BUDGET.taken(share))

    content = source if isinstance(source, bytes) else bytes_of_file(source, make_room)
    form = form_of(content)
    plain: Plain = form.plain(content)
    del content  # of a file on disk nothing else holds the bytes: only what is plain stays
    held = len(plain.content)
    if isinstance(source, bytes) and plain.content is not source:
        held += len(source)
    picture = None
    try:
        picture = form.opened(
            _FewReads(plain.content) if plain.in_pieces else io.BytesIO(plain.content)
        )
        needed = _checked_bytes(picture, plain, held, target_width)
        turn.enter_context(_BUDGET.taken(max(0, needed - share)))
        picture.load()
    except Refused:
        raise
    except Exception as error:
        # Pillow's decoders are written for well-formed files: what they raise on others is
        # nowhere listed (OSError, SyntaxError, struct.error, AttributeError, RecursionError,
        # MemoryError, ...), and nothing of ours runs in here but the checks
        message = f"{error}" or type(error).__name__
        raise Refused(f"cannot be decoded: {message[:_MESSAGE_LENGTH]}") from error
    if plain.transparent is not None:
        picture.info["transparency"] = plain.transparent
    return Decoded(_framed(picture, plain.frame), plain.orientation)


def form_of(content: bytes) -> ModuleType:
    """The module of the format that the first bytes tell. Only that one is imported.

    Raises:
        Refused: none of the six.
    """
    if content.startswith(b"\xff\xd8\xff"):
        from edgeproof.edge.pictures import jpeg

        return jpeg
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        from edgeproof.edge.pictures import png

        return png
    if content.startswith(b"RIFF") and content.startswith(b"WEBP", 8):
        from edgeproof.edge.pictures import webp

        return webp
    if content.startswith((b"GIF87a", b"GIF89a")):
        from edgeproof.edge.pictures import gif

        return gif
    if content.startswith(b"BM"):
        from edgeproof.edge.pictures import bmp

        return bmp
    if content.startswith((b"II*\0", b"MM\0*")):
        from edgeproof.edge.pictures import tiff

        return tiff
    raise Refused("expected a picture (PNG, JPEG, WebP, GIF, BMP, TIFF), got something else")


def _checked_bytes(picture: Image.Image, plain: Plain, held: int, target_width: int) -> int:
    """What decoding will take; refuses what would be too much, or no use to the contract."""
    width, height = picture.size
    check_size(width, height)
    if picture.mode not in _MODES:
        raise Refused(f"expected gray, palette, RGB, CMYK or YCbCr, got {picture.mode} pixels")
    if plain.passes * width * height > _MAX_PASSED_PIXELS:
        raise Refused(
            f"expected at most {_MAX_PASSED_PIXELS // (width * height):,} scans of "
            f"{width} x {height} pixels, got {plain.passes:,}"
        )
    pixel = _MODE_BYTES.get(picture.mode, 4) + plain.decoder_bytes_per_pixel
    rows = height if plain.orientation < 5 else width
    # the last two: the image that is as wide as the target, and the weights of Pillow's filter
    needed = (
        held
        + int(width * height * pixel)
        + plain.decoder_bytes
        + 4 * target_width * rows
        + 16 * (width + height)
    )
    if needed > MAX_DECODING_BYTES:
        raise Refused(
            f"expected a picture that is decoded in {MAX_DECODING_BYTES // 10**6} MB, got one of "
            f"{width} x {height} pixels that takes {needed // 10**6}; make it smaller"
        )
    return needed


def _framed(picture: Image.Image, frame: tuple[int, int, int, int] | None) -> Image.Image:
    """Transparent where the file draws nothing; Pillow puts the palette's first colour there."""
    if frame is None or "transparency" in picture.info:
        return picture
    whole = Image.new("RGBA", picture.size)
    whole.paste(picture.crop(frame).convert("RGBA"), frame)
    return whole
