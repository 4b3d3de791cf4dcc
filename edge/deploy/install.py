"""`edgeproof install`: a packed bundle becomes the model that a board runs, or changes nothing."""

import errno
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edgeproof.edge.bundle import MANIFEST, Bundle
from edgeproof.edge.deploy.device_check import DeviceCheck, check_variant_apart
from edgeproof.edge.deploy.naming import SIGNATURE
from edgeproof.edge.deploy.receive import receive
from edgeproof.edge.deploy.releases import CURRENT, RELEASES, Releases
from edgeproof.edge.deploy.signature import SignatureError, TrustedKey, check_signature
from edgeproof.edge.errors import BundleError, OutputError

# no space, over quota
_FULL = (errno.ENOSPC, errno.EDQUOT)
CheckVariant = Callable[[Bundle, str, str], DeviceCheck]


@dataclass(frozen=True)
class Installation:
    """What an installation, or going back, did; true if the board now runs what was asked for.

    Attributes:
        installed: False where a golden check failed: then nothing was changed.
        folder: what to give to `classify`: the link to the current release.
        release: the release that was asked for.
        manifest_sha256: the identity of its bundle.
        current, previous: the releases that the links now name.
        removed: older releases that were deleted.
        signed_by: fingerprint of the trusted key that signed it; None where no key was given.
        checks: the golden check of every variant, made on this device.
        error: why it was not installed, in one sentence.
    """

    installed: bool
    folder: str
    release: str
    manifest_sha256: str
    current: str | None
    previous: str | None
    removed: tuple[str, ...]
    signed_by: str | None
    checks: tuple[DeviceCheck, ...]
    error: str | None

    def __post_init__(self) -> None:
        # a device's word for it is read from JSON too
        if self.installed and not (self.checks and all(self.checks)):
            raise ValueError(
                "installed: expected golden checks that passed, got none or failed ones"
            )

    def __bool__(self) -> bool:
        return self.installed


def install(
    stream: BinaryIO,
    folder: Path,
    *,
    trusted: Sequence[TrustedKey] = (),
    runtime: str = "auto",
    keep: int = 2,
    check: CheckVariant = check_variant_apart,
) -> Installation:
    """Install the packed bundle in `stream` below `folder` and make it the current one.

    Everything is written, hashed and proved on this device under a name that nobody reads; then
    one link is replaced. A power cut at any moment leaves one whole model that runs.

    Args:
        keep: how many releases stay, the current and the previous one among them.
        check: what proves a variant; by default in a process of its own.

    Raises:
        SignatureError, BundleError: see `receive`.
        CheckImpossible: no runtime is installed, or there is nothing to compare with.
        InstallationRuns: another one is going on.
        OutputError: no room, or the folder holds something else.
    """
    with _room_for(folder), Releases.locked(folder) as releases:
        with releases.new_folder() as incoming:
            received = receive(stream, incoming, trusted)
            checks = _checked(Bundle.open(incoming), runtime, check)
            error = _refusal(received.release, checks)
            release = received.release if error else releases.admit(received.release)
        removed: list[str] = []
        if error is None:
            releases.switch(release)
            removed = releases.prune(keep)
        return _installation(
            releases, release, received.manifest_sha256, received.signed_by, checks, error, removed
        )


def roll_back(
    folder: Path,
    *,
    trusted: Sequence[TrustedKey] = (),
    runtime: str = "auto",
    check: CheckVariant = check_variant_apart,
) -> Installation:
    """Make the previous release the current one, and the current one the previous.

    It is hashed and proved as if it were new: months may lie between.

    Raises:
        BundleError: there is no previous release, or it was damaged.
        SignatureError, CheckImpossible, InstallationRuns, OutputError: as `install`.
    """
    if not (folder / RELEASES).is_dir():
        raise BundleError(f"expected a folder that `edgeproof install` made, got {folder}")
    with _room_for(folder), Releases.locked(folder) as releases:
        release = releases.previous
        if release is None or release == releases.current:
            raise BundleError(
                f"expected an earlier model in {folder} to go back to, got none; "
                f"install one with: edgeproof install FILE --into {folder}"
            )
        bundle = Bundle.open(releases.path(release))
        manifest = (bundle.folder / MANIFEST).read_bytes()
        signed_by = _stored_signature(bundle, manifest, trusted) if trusted else None
        bundle.check_all()
        checks = _checked(bundle, runtime, check)
        error = _refusal(release, checks)
        if error is None:
            releases.switch_back()
        digest = hashlib.sha256(manifest).hexdigest()
        return _installation(releases, release, digest, signed_by, checks, error, [])


def _checked(bundle: Bundle, runtime: str, check: CheckVariant) -> tuple[DeviceCheck, ...]:
    """The golden check of every TFLite variant, those after a failed one included."""
    variants = [v.id for v in bundle.manifest.variants if v.format == "tflite"]
    if not variants:
        raise BundleError(
            "expected a TFLite variant in the packed bundle, got none; "
            "convert with --variants tflite-int8"
        )
    return tuple(check(bundle, variant, runtime) for variant in variants)


def _refusal(release: str, checks: Sequence[DeviceCheck]) -> str | None:
    failed = [c for c in checks if not c.passed]
    if not failed:
        return None
    others = ",".join(c.variant for c in checks if c.passed)
    advice = f"; pack it with --variants {others}" if others else ""
    return (
        f"{release} fails its golden check on this device and was not made current: "
        f"{'; '.join(f'{c.variant}: {c.failure}' for c in failed)}{advice}"
    )


def _stored_signature(bundle: Bundle, manifest: bytes, trusted: Sequence[TrustedKey]) -> str:
    path = bundle.folder / SIGNATURE
    if not path.is_file():
        raise SignatureError(
            f"expected a signed release, since keys are trusted here, got {bundle.folder.name} "
            "without a signature"
        )
    return check_signature(manifest, path.read_bytes(), trusted)


def _installation(
    releases: Releases,
    release: str,
    manifest_sha256: str,
    signed_by: str | None,
    checks: tuple[DeviceCheck, ...],
    error: str | None,
    removed: list[str],
) -> Installation:
    return Installation(
        installed=error is None,
        folder=str(releases.folder / CURRENT),
        release=release,
        manifest_sha256=manifest_sha256,
        current=releases.current,
        previous=releases.previous,
        removed=tuple(removed),
        signed_by=signed_by,
        checks=checks,
        error=error,
    )


@contextmanager
def _room_for(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise OutputError(
            f"expected room on the disk for {folder}, got: {error.strerror}; free some space. "
            "What ran before still does"
        ) from error
