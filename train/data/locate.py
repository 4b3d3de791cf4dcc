"""Where a data set lies: `--data`, the environment, or the cache of downloads."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edgeproof.train.errors import DataError

ENVIRONMENT = "EDGEPROOF_DATA"
Found = TypeVar("Found")


def data_folder(given: Path | None) -> Path | None:
    """`--data`, else EDGEPROOF_DATA, else None.

    Raises:
        DataError: it is not a folder, or has nothing in it.
    """
    from_environment = os.environ.get(ENVIRONMENT)
    if given is None and not from_environment:
        return None
    folder = given if given is not None else Path(str(from_environment))
    asked_by = "--data" if given is not None else ENVIRONMENT
    if not folder.is_dir():
        kind = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"{asked_by}: expected a folder with data, got {folder}, which {kind}")
    if not any(folder.iterdir()):
        raise DataError(f"{asked_by}: expected a folder with data, got {folder}, which is empty")
    return folder


def user_cache() -> Path:
    """`$XDG_CACHE_HOME/edgeproof`, by default below `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edgeproof"


def cache_folder() -> Path:
    """Where downloads are kept."""
    return user_cache() / "data"


def found_or_downloaded(
    folder: Path | None,
    *,
    names: tuple[str, ...],
    look: Callable[[Path], Found | None],
    download: Callable[[Path], None],
    layout: str,
) -> Found:
    """Look for a data set in the user's folder and below, or else in the cache, filled if need be.

    Args:
        folder: what the user named, if anything: nothing is downloaded then.
        names: folders that the set is usually unpacked into.
        look: from a folder to what is in it, or None.
        download: fills a folder in the cache.
        layout: what `look` wants to find, for people.

    Raises:
        DataError: not in the folder the user named.
        DownloadError: not in the cache and not to be had.
    """
    base = folder if folder is not None else cache_folder()
    for candidate in (base, *(base / name for name in names)):
        found = look(candidate) if candidate.is_dir() else None
        if found is not None:
            return found
    if folder is not None:
        raise DataError(f"expected {layout} in {folder}, got none of it; give --data DIR with them")
    target = base / names[0]
    download(target)
    found = look(target)
    if found is None:
        raise DataError(f"expected {layout} in {target} after the download, got something else")
    return found
