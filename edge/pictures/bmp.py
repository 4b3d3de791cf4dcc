"""BMP: a header and rows of pixels, with nothing around them."""

from typing import IO

from PIL.ImageFile import ImageFile

from edgeproof.edge.pictures.plain import Plain


def plain(content: bytes) -> Plain:
    return Plain(content)


def opened(file: IO[bytes]) -> ImageFile:
    from PIL.BmpImagePlugin import BmpImageFile

    return BmpImageFile(file)
