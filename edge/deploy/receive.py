"""From an archive that nobody vouches for to a folder that is what its manifest says."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edgeproof.edge.bundle import MANIFEST, manifest_from_bytes
from edgeproof.edge.deploy.archive import ArchiveReader, Member
from edgeproof.edge.deploy.durable import write_file
from edgeproof.edge.deploy.naming import SIGNATURE, checked_paths, release_name
from edgeproof.edge.deploy.signature import (
    SIGNATURE_BYTES,
    SignatureError,
    TrustedKey,
    check_signature,
)
from edgeproof.edge.errors import BundleError, OutputError
from edgeproof.edge.manifest import FileEntry, Manifest

# 10,000 labels and 1,000 files make about 1 MB; 8 of JSON may take 100 MB of memory once parsed
_MANIFEST_LIMIT_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Received:
    """A packed bundle that was written out.

    Attributes:
        release: the name that its name and its manifest's hash give it.
        signed_by: fingerprint of the trusted key that signed it; None where no key was given.
    """

    manifest: Manifest
    manifest_sha256: str
    release: str
    signed_by: str | None


def receive(stream: BinaryIO, folder: Path, trusted: Sequence[TrustedKey] = ()) -> Received:
    """Write a packed bundle's files into an empty folder, each one whole and synced.

    Only regular files that the manifest lists, each once and of the size and SHA-256 that it
    states, are written; with `trusted` keys nothing is, nor is the manifest parsed, before its
    signature was found right.

    Raises:
        SignatureError: keys are trusted, and none of them signed it.
        BundleError: the archive is damaged, incomplete, or holds anything that it should not.
        OutputError: there is no room for what it says it holds.
    """
    archive = ArchiveReader(stream)
    content, signature, signed_by = _signed_manifest(archive, trusted)
    manifest = manifest_from_bytes(content, f"the packed {MANIFEST}")
    entries = checked_paths(manifest)
    _check_room(folder, sum(entry.bytes for entry in entries.values()))
    write_file(folder / MANIFEST, [content])
    if signature:
        write_file(folder / SIGNATURE, [signature])
    _write_files(archive, folder, entries)
    return Received(
        manifest,
        hashlib.sha256(content).hexdigest(),
        release_name(manifest.name, content),
        signed_by,
    )


def packed_manifest(stream: BinaryIO) -> tuple[Manifest, str]:
    """The manifest of a packed bundle and its SHA-256; nothing else is looked at.

    Raises:
        BundleError: it is no packed bundle.
    """
    content, _, _ = _signed_manifest(ArchiveReader(stream), ())
    manifest = manifest_from_bytes(content, f"the packed {MANIFEST}")
    return manifest, hashlib.sha256(content).hexdigest()


def _signed_manifest(
    archive: ArchiveReader, trusted: Sequence[TrustedKey]
) -> tuple[bytes, bytes, str | None]:
    """The manifest's bytes, still unread, their signature if any, and who of `trusted` made it."""
    member = archive.next()
    signature = b""
    if member is not None and member.name == SIGNATURE:
        signature = _small(archive, member, SIGNATURE_BYTES)
        member = archive.next()
    elif trusted:
        raise SignatureError(
            "expected a signed packed bundle, since keys are trusted here, got one without a "
            "signature; sign it with: edgeproof pack BUNDLE -o FILE --sign KEY"
        )
    if member is None or member.name != MANIFEST:
        found = "nothing" if member is None else repr(member.name)
        raise BundleError(
            f"expected a packed bundle, which starts with {MANIFEST}, got {found}; "
            "make it with: edgeproof pack BUNDLE -o FILE"
        )
    content = _small(archive, member, _MANIFEST_LIMIT_BYTES)
    return content, signature, check_signature(content, signature, trusted) if trusted else None


def _write_files(archive: ArchiveReader, folder: Path, entries: dict[str, FileEntry]) -> None:
    missing = dict(entries)
    while (member := archive.next()) is not None:
        entry = missing.pop(member.name, None)
        if entry is None:
            what = "twice" if member.name in entries else "which its manifest does not list"
            raise BundleError(f"expected a packed bundle's own files, got {member.name!r}, {what}")
        if member.size != entry.bytes:
            raise BundleError(
                f"expected {entry.path} of {entry.bytes:,} bytes, as the manifest says, "
                f"got {member.size:,}; pack the bundle again"
            )
        path = folder / entry.path
        os.makedirs(path.parent, exist_ok=True)
        digest = hashlib.sha256()
        write_file(path, _hashed(archive.content(member), digest))
        if digest.hexdigest() != entry.sha256:
            raise BundleError(
                f"{entry.path} was altered: expected SHA-256 {entry.sha256}, "
                f"got {digest.hexdigest()}; copy the packed bundle again"
            )
    if missing:
        raise BundleError(
            f"expected all files of the manifest in the packed bundle, got none for "
            f"{min(missing)}; pack the bundle again"
        )


def _hashed(chunks: Iterator[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def _small(archive: ArchiveReader, member: Member, limit: int) -> bytes:
    if member.size > limit:
        raise BundleError(f"expected {member.name} of at most {limit:,} bytes, got {member.size:,}")
    return b"".join(archive.content(member))


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OutputError(
            f"expected {size:,} bytes of room on the disk of {folder}, got {free:,}; "
            "free some space"
        )
