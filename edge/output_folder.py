"""Whole folders or nothing: results are written beside their place and renamed into it."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeproof.edge.errors import OutputError

# no space, over quota, larger than any file may be
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check_output(target: Path, *, force: bool, marker: str) -> None:
    """Refuse, before any work is done, an output folder that cannot or must not be written.

    `marker` is the file that a folder of this kind always holds (`bundle.json`, `config.json`):
    `--force` replaces only a folder that holds it, never a home directory given by mistake.

    Raises:
        OutputError: it exists and `force` was not given, is of another kind, or is unwritable.
    """
    if target.exists():
        if not force:
            raise OutputError(
                f"expected a new folder, got {target}, which exists; "
                "choose another or give --force to replace it"
            )
        is_empty = target.is_dir() and not any(target.iterdir())
        if not is_empty and not (target / marker).is_file():
            raise OutputError(
                f"expected a folder with {marker} to replace, got {target}, "
                "which holds something else; remove it yourself or choose another"
            )
    parent = target.absolute().parent
    existing = next(p for p in (parent, *parent.parents) if p.exists())
    if not existing.is_dir():
        raise OutputError(f"expected a folder to write {target} in, got the file {existing}")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise OutputError(
            f"expected a writable folder for {target}, got {existing}, "
            "which this user may not write to"
        )


@contextmanager
def whole_folder(target: Path, *, force: bool, marker: str) -> Iterator[Path]:
    """A temporary folder that becomes `target` when the block ends well, and vanishes otherwise.

    With `force` an existing `target` stays untouched until the new folder is complete.

    Raises:
        OutputError: as `check_output`, or the disk is full.
    """
    check_output(target, force=force, marker=marker)
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    try:
        partial.chmod(0o777 & ~_umask())  # mkdtemp gives 0700; a bundle may be served by others
        yield partial
        _replace(target, partial)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in _FULL:
            raise OutputError(
                f"expected room on the disk for {target}, got: {error.strerror}; free some space, "
                "or choose a folder on another disk"
            ) from error
        raise


def _replace(target: Path, partial: Path) -> None:
    if not target.exists():
        partial.rename(target)
        return
    old = partial.with_name(partial.name.replace(".partial-", ".replaced-"))
    target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
