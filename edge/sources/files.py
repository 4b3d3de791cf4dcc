"""Files, folders, patterns and standard input: pictures in order, one at a time."""

import glob
import os
import sys
from collections.abc import Generator, Iterable, Iterator

from edgeproof.edge.errors import ImageError
from edgeproof.edge.pictures.plain import Refused
from edgeproof.edge.pictures.source import bytes_of_stream
from edgeproof.edge.sources.picture import Picture

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})


def is_picture(name: str) -> bool:
    """By its name: a picture's suffix, and not hidden, as files are while they are copied."""
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES and not name.startswith(".")


def pictures_of(arguments: Iterable[str]) -> Generator[Picture, None, None]:
    """What each argument names: a file, the pictures in a folder, a pattern's matches, or `-`."""
    for argument in arguments:
        if argument == "-":
            yield Picture("-", _standard_input())
        elif os.path.isdir(argument):
            yield from _or_error(pictures_in(argument), argument, "in this folder")
        elif glob.has_magic(argument) and not os.path.lexists(argument):
            yield from _or_error(_matches(argument), argument, "that match")
        else:
            yield Picture(argument, argument)


def pictures_in(folder: str) -> Iterator[Picture]:
    """The pictures below a folder in order of their paths; links to folders are not followed."""
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError as error:
        yield Picture(folder, ImageError(f"{folder}: cannot be listed: {error.strerror}"))
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from pictures_in(entry.path)
        elif is_picture(entry.name) and entry.is_file():
            yield Picture(entry.path, entry.path)


def _matches(pattern: str) -> Iterator[Picture]:
    """As a shell would expand it, each file once: `**` matches folders and what is in them, and
    follows links, in circles if need be.
    """
    given = set()
    for match in sorted(glob.iglob(pattern, recursive=True)):
        found = pictures_in(match) if os.path.isdir(match) else iter([Picture(match, match)])
        for picture in found:
            path = os.path.realpath(picture.name)
            if path not in given:
                given.add(path)
                yield picture


def _or_error(pictures: Iterator[Picture], argument: str, where: str) -> Iterator[Picture]:
    first = next(pictures, None)
    if first is None:
        message = f"{argument}: expected pictures {where}, got none"
        yield Picture(argument, ImageError(message))
        return
    yield first
    yield from pictures


def _standard_input() -> bytes | ImageError:
    try:
        return bytes_of_stream(sys.stdin.buffer)
    except Refused as error:
        return ImageError(f"-: {error}")
