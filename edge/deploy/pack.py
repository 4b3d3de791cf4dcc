"""`edgeproof pack`: the part of a bundle that a device runs and proves, as one file."""

import dataclasses
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeproof.edge.bundle import MANIFEST, Bundle, manifest_to_bytes
from edgeproof.edge.deploy.archive import write_archive
from edgeproof.edge.deploy.naming import SIGNATURE, checked_paths, release_name
from edgeproof.edge.deploy.signature import sign
from edgeproof.edge.errors import BundleError, OutputError, UsageError
from edgeproof.edge.manifest import FileEntry, Manifest, SkippedVariant

LEFT_OUT = "left out by pack"


@dataclass(frozen=True)
class Packed:
    """What a packed bundle holds.

    Attributes:
        release: what `install` will call it.
        manifest_sha256: the packed manifest's, the packed bundle's identity.
        packed_from: the SHA-256 of the manifest that it was reduced from; None where nothing had
            to be left out, so that the packed bundle is the bundle.
        signed_by: fingerprint of the key that signed it.
    """

    file: str
    bytes: int
    sha256: str
    name: str
    release: str
    variants: tuple[str, ...]
    left_out: tuple[str, ...]
    manifest_sha256: str
    packed_from: str | None
    signed_by: str | None


def pack(
    bundle: Bundle,
    target: Path,
    *,
    variants: Sequence[str] = (),
    key_file: Path | None = None,
    passphrase: Callable[[], str] = lambda: "",
    force: bool = False,
) -> Packed:
    """Write `target`. The same bundle and options give the same bytes, signature included.

    Args:
        variants: ids of the TFLite variants to take; all of them by default.
        key_file: a private Ed25519 key to sign with.

    Raises:
        UsageError: no such variant, or one that browsers run.
        BundleError: the bundle has no TFLite variant, or is incomplete or altered.
        OutputError: the file exists and `force` was not given, or cannot be written.
        KeyFileError, MissingExtra: the bundle cannot be signed.
    """
    _check_target(target, force=force)
    original = (bundle.folder / MANIFEST).read_bytes()
    manifest = reduced_manifest(bundle, variants, hashlib.sha256(original).hexdigest())
    content = original if manifest == bundle.manifest else manifest_to_bytes(manifest)
    entries = checked_paths(manifest)
    signature, signed_by = b"", None
    if key_file is not None:
        signature, signed_by = sign(content, key_file, passphrase)
    size, digest = _write_whole(target, _files(bundle, content, signature, entries))
    return Packed(
        file=str(target),
        bytes=size,
        sha256=digest,
        name=manifest.name,
        release=release_name(manifest.name, content),
        variants=tuple(v.id for v in manifest.variants),
        left_out=tuple(s.id for s in manifest.skipped if s.reason == LEFT_OUT),
        manifest_sha256=hashlib.sha256(content).hexdigest(),
        packed_from=manifest.provenance.packed_from,
        signed_by=signed_by,
    )


def reduced_manifest(bundle: Bundle, variants: Sequence[str], sha256: str) -> Manifest:
    """The manifest of a bundle of nothing but TFLite variants and golden files.

    It is true about itself: what is not there is not listed, and variants that were left out are
    among the skipped ones. A bundle of which nothing is left out keeps its manifest as it is.

    Raises:
        UsageError: no such variant, or one that browsers run.
        BundleError: the bundle has no TFLite variant.
    """
    manifest = bundle.manifest
    for variant_id in variants:
        if bundle.variant(variant_id).format != "tflite":
            raise UsageError(f"expected TFLite variants, got {variant_id}, which browsers run")
    kept = [v for v in manifest.variants if v.format == "tflite"]
    kept = [v for v in kept if not variants or v.id in variants]
    if not kept:
        raise BundleError(
            f"expected a TFLite variant in {bundle.folder}, got "
            f"{', '.join(v.id for v in manifest.variants)}; convert with --variants tflite-int8"
        )
    left_out = [SkippedVariant(v.id, LEFT_OUT) for v in manifest.variants if v not in kept]
    if not left_out and manifest.heldout is None:
        return manifest
    return dataclasses.replace(
        manifest,
        variants=tuple(kept),
        skipped=(*manifest.skipped, *left_out),
        provenance=dataclasses.replace(manifest.provenance, packed_from=sha256),
        heldout=None,
    )


def _files(
    bundle: Bundle, manifest: bytes, signature: bytes, entries: dict[str, FileEntry]
) -> Iterator[tuple[str, bytes]]:
    # the signature first and then what it signs: nothing else need be looked at to refuse a file
    if signature:
        yield SIGNATURE, signature
    yield MANIFEST, manifest
    for path in sorted(entries):
        yield path, bundle.read(entries[path])


def _check_target(target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise OutputError(f"expected a file to write, got the folder {target}")
    if target.exists() and not force:
        raise OutputError(
            f"expected a new file, got {target}, which exists; "
            "choose another or give --force to replace it"
        )
    if not target.absolute().parent.is_dir():
        raise OutputError(
            f"expected a folder to write {target.name} in, got {target.parent}, which is none"
        )


def _write_whole(target: Path, files: Iterator[tuple[str, bytes]]) -> tuple[int, str]:
    """The file, complete or not at all; its size in bytes and its SHA-256."""
    folder = target.absolute().parent
    descriptor, partial = tempfile.mkstemp(prefix=f".{target.name}.partial-", dir=folder)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            try:
                write_archive(stream, files)
            except ValueError as error:
                raise BundleError(
                    f"expected file names that fit a tar header, got {error}"
                ) from error
            stream.seek(0)
            digest = hashlib.sha256()
            while chunk := stream.read(2**20):
                digest.update(chunk)
            size = stream.tell()
        os.chmod(partial, 0o644)
        os.replace(partial, target)
    except BaseException:
        os.unlink(partial)
        raise
    return size, digest.hexdigest()
