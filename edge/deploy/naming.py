"""What a packed bundle's files and an installed one's folder may be called."""

import hashlib
import re

from edgeproof.edge.bundle import MANIFEST
from edgeproof.edge.errors import BundleError
from edgeproof.edge.manifest import FileEntry, Manifest

SIGNATURE = f"{MANIFEST}.sig"
# what conversion writes. ASCII, so that every file system has the same name for it, and no part
# starts with a dot: no `..`, and nothing hidden
_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.+-]*(/[A-Za-z0-9_-][A-Za-z0-9_.+-]*)*")
_RELEASE = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9_.-]*-[0-9a-f]{12})(-[0-9]+)?")


def plain_name(name: str) -> str:
    """A bundle's name, as far as it suits a folder."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-")[:64] or "model"


def release_name(name: str, manifest: bytes) -> str:
    """The folder of an installed bundle: its name and its identity."""
    return f"{plain_name(name)}-{hashlib.sha256(manifest).hexdigest()[:12]}"


def is_release_name(name: str) -> bool:
    """Whether `install` could have made a folder of that name."""
    return _RELEASE.fullmatch(name) is not None


def bundle_of(release: str) -> str:
    """A release's name without the number that a second copy of the same bundle gets."""
    match = _RELEASE.fullmatch(release)
    return release if match is None else match.group(1)


def checked_paths(manifest: Manifest) -> dict[str, FileEntry]:
    """The manifest's files by path, after it was found that they can lie side by side.

    Raises:
        BundleError: a path that is not plain, is listed twice, or is a folder of another one.
    """
    entries: dict[str, FileEntry] = {}
    seen: set[str] = set()
    folders: set[str] = set()
    for entry in manifest.all_files():
        path = entry.path
        if not _PATH.fullmatch(path) or path in (MANIFEST, SIGNATURE):
            raise BundleError(
                f"expected plain file names such as golden/inputs.npy in the manifest, got {path!r}"
            )
        folded = path.casefold()  # FAT and macOS take A and a for one file
        if folded in seen:
            raise BundleError(f"expected every file of the manifest once, got {path!r} twice")
        seen.add(folded)
        folders.update(_folders(folded))
        entries[path] = entry
    if both := folders & seen:
        raise BundleError(f"expected files in folders, got {min(both)!r} as a file and as a folder")
    return entries


def _folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]
