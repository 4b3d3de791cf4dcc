"""Files, folders and links that a power cut cannot tear.

A name is written only after what it names has reached the disk: a file's bytes are synced before
its folder, a folder before it is renamed, and the folder of a link after the link was replaced.
"""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a new file and wait until its bytes are on the disk. Never through an existing name."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        for chunk in chunks:
            left = memoryview(chunk)
            while left:
                left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until the folder's names are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folders(root: Path) -> None:
    """`sync_folder` for a folder and all below it, the deepest first."""
    for folder, _, _ in os.walk(root, topdown=False):
        sync_folder(Path(folder))


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, unless it exists."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    for path in reversed(missing):
        with suppress(FileExistsError):  # another process makes it too
            os.mkdir(path)
        sync_folder(path.parent)


def rename_folder(source: Path, target: Path) -> None:
    """Give a whole, synced folder its final name, in the same folder."""
    os.rename(source, target)
    sync_folder(target.parent)


def replace_link(link: Path, target: str, scratch: Path) -> None:
    """Point a symbolic link elsewhere: whoever follows it meets the old target or the new one.

    Args:
        scratch: a free name in the link's folder.
    """
    os.symlink(target, scratch)
    os.replace(scratch, link)
    sync_folder(link.parent)


def remove_folder(folder: Path, scratch: Path) -> None:
    """Remove a folder of which, under its own name, no part may ever be missing.

    Args:
        scratch: a free name in the same folder, which holds what is being removed.
    """
    rename_folder(folder, scratch)
    shutil.rmtree(scratch)
