"""A packed bundle as a file: regular files in ustar headers, inside gzip, and nothing else.

`tarfile` parses single headers here and is not asked to walk an archive: links, devices, sparse
files, and pax and GNU extensions with sizes and names of their own never get as far as a decision.
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from edgeproof.edge.errors import BundleError

_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 2**18
_ADVICE = "make it with `edgeproof pack`, and copy it again"


@dataclass(frozen=True)
class Member:
    """A file of an archive: its name, and its size in bytes as the archive states it."""

    name: str
    size: int


def write_archive(stream: BinaryIO, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files in the given order, with nothing of this machine: no time, owner or umask.

    Raises:
        ValueError: a name is too long for a ustar header: 100 bytes, or 255 around a `/`.
    """
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as compressed,
        # TarInfo's defaults are mode 0644, time 0, user 0 and group 0, both without a name
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


class ArchiveReader:
    """Reads an archive once, forwards, from a stream that nobody can vouch for.

    Call `next` for a member and then read all of it with `content`; neither ever holds more than
    a chunk. The caller decides, from the name and the stated size, whether to go on.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = gzip.GzipFile(fileobj=stream, mode="rb")

    def next(self) -> Member | None:
        """The next member; None at a complete end of the archive.

        Raises:
            BundleError: the archive is damaged, cut off, or holds anything but a regular file.
        """
        header = self._exactly(_BLOCK)
        if not any(header):
            self._finish()
            return None
        try:
            found = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise BundleError(
                f"expected a packed bundle, got a tar with {error}; {_ADVICE}"
            ) from None
        if found.type != tarfile.REGTYPE or found.size < 0:
            raise BundleError(
                f"expected regular files only in a packed bundle, got {found.name!r} of tar type "
                f"{found.type!r} and {found.size:,} bytes; {_ADVICE}"
            )
        return Member(found.name, found.size)

    def content(self, member: Member) -> Iterator[bytes]:
        """The bytes of the member that `next` just gave, in chunks of at most 256 KiB."""
        left = member.size
        while left:
            chunk = self._read(min(left, _CHUNK))
            if not chunk:
                raise _cut_off()
            left -= len(chunk)
            yield chunk
        self._exactly(-member.size % _BLOCK)

    def _finish(self) -> None:
        """Read to the end, where gzip holds its checksum; tar pads with zeros to 10,240 bytes."""
        padding = bytearray()
        while chunk := self._read(tarfile.RECORDSIZE + 1 - len(padding)):
            padding += chunk
            if any(chunk) or len(padding) > tarfile.RECORDSIZE:
                raise BundleError(
                    f"expected the packed bundle to end after its last file, got more; {_ADVICE}"
                )

    def _exactly(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            chunk = self._read(size - len(content))
            if not chunk:
                raise _cut_off()
            content += chunk
        return content

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except (gzip.BadGzipFile, zlib.error) as error:
            raise BundleError(
                f"expected a packed bundle in gzip, got: {error}; {_ADVICE}"
            ) from None
        except EOFError:
            raise _cut_off() from None


def _cut_off() -> BundleError:
    return BundleError("expected a whole packed bundle, got one that is cut off; copy it again")
