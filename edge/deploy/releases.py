"""The models of a board: a folder of releases, and links to the current and the previous one.

    DIR/releases/<name>-<first 12 digits of the manifest's SHA-256>/    a whole bundle each
    DIR/current  -> releases/...     what runs
    DIR/previous -> releases/...     what `--rollback` goes back to

A release has its final name only when all of it is on the disk; whatever else lies in the folder
was left by an interrupted installation and is removed by the next one.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgeproof.edge.bundle import MANIFEST, Bundle
from edgeproof.edge.deploy.durable import (
    make_folder,
    remove_folder,
    rename_folder,
    replace_link,
    sync_folders,
)
from edgeproof.edge.deploy.naming import bundle_of, is_release_name
from edgeproof.edge.errors import BundleError, EdgeproofError, OutputError

CURRENT, PREVIOUS, RELEASES = "current", "previous", "releases"
_LOCK = ".lock"
# names that only the holder of the lock uses, so that whoever gets it next may remove them
_INCOMING, _REMOVED, _LINK = ".incoming", ".removed", ".link"


class InstallationRuns(EdgeproofError):
    """Another process installs into the same folder."""


class Releases:
    """The releases below a folder. Only what `locked` gives may be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.releases = self.folder / RELEASES
        self.incoming = self.releases / _INCOMING

    @classmethod
    @contextmanager
    def locked(cls, folder: Path) -> Iterator["Releases"]:
        """The only installation into `folder`, which is made where it is missing.

        Raises:
            InstallationRuns: there is another one. The lock ends with its process, however it ends.
            OutputError: the folder holds something else under a name that is needed.
        """
        found = cls(folder)
        make_folder(found.releases)
        descriptor = os.open(found.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InstallationRuns(
                    f"expected to be the only installation into {folder}, got another one that "
                    "runs; try again when it is done"
                ) from None
            found.remove_leftovers()
            yield found
        finally:
            os.close(descriptor)

    def path(self, release: str) -> Path:
        return self.releases / release

    @property
    def current(self) -> str | None:
        """The release that runs; None where there is none yet."""
        return self._linked(CURRENT)

    @property
    def previous(self) -> str | None:
        """The release to go back to; None where there is none."""
        return self._linked(PREVIOUS)

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """An empty folder for a release still to be proved; gone afterwards unless admitted."""
        os.mkdir(self.incoming)
        try:
            yield self.incoming
        finally:
            # what a full or dying disk keeps here is removed by the next installation
            shutil.rmtree(self.incoming, ignore_errors=True)

    def admit(self, name: str) -> str:
        """Give the written folder its final name, which is returned.

        Where the same release lies there already and is whole, that one stays; where it was
        damaged, the new one goes beside it with a number, since what runs is never taken away.
        """
        manifest = (self.incoming / MANIFEST).read_bytes()
        release, count = name, 1
        while os.path.lexists(self.path(release)):
            if self._is_whole(release, manifest):
                return release
            count += 1
            release = f"{name}-{count}"
        sync_folders(self.incoming)
        rename_folder(self.incoming, self.path(release))
        return release

    def switch(self, release: str) -> None:
        """Make `release` the current one, and the current one the previous.

        The previous link moves first: cut between the two, the board runs what it ran.
        """
        current = self.current
        # a fresh copy of a damaged release is no step forward: one never goes back to the damage
        if current is not None and bundle_of(current) != bundle_of(release):
            self._point(PREVIOUS, current)
        if current != release:
            self._point(CURRENT, release)

    def switch_back(self) -> None:
        """Exchange current and previous. The current link moves first: that is what was asked."""
        current, previous = self.current, self.previous
        assert previous is not None, "the caller found one"
        self._point(CURRENT, previous)
        if current is not None:
            self._point(PREVIOUS, current)

    def prune(self, keep: int) -> list[str]:
        """Remove the oldest releases beyond `keep`, never the current or the previous one."""
        in_use = {self.current, self.previous}
        found = [p for p in self.releases.iterdir() if is_release_name(p.name) and p.is_dir()]
        others = sorted(
            (p for p in found if p.name not in in_use), key=lambda p: p.stat().st_mtime_ns
        )
        extra = others[: max(0, len(found) - keep)]
        for folder in extra:
            remove_folder(folder, self.releases / _REMOVED)
        return [p.name for p in extra]

    def remove_leftovers(self) -> None:
        """Remove what an interrupted installation left."""
        for folder in (self.incoming, self.releases / _REMOVED):
            if folder.exists():
                shutil.rmtree(folder)
        with suppress(FileNotFoundError):
            os.unlink(self.folder / _LINK)

    def _linked(self, name: str) -> str | None:
        link = self.folder / name
        if not os.path.lexists(link):
            return None
        target = Path(os.readlink(link)) if link.is_symlink() else link
        if target.parent != Path(RELEASES) or not is_release_name(target.name):
            raise OutputError(
                f"expected {link} to be a link into {RELEASES}/, as `edgeproof install` makes it, "
                "got something else; choose another folder"
            )
        # a release that somebody removed by hand is no release
        return target.name if (self.path(target.name) / MANIFEST).is_file() else None

    def _point(self, name: str, release: str) -> None:
        replace_link(self.folder / name, f"{RELEASES}/{release}", self.folder / _LINK)

    def _is_whole(self, release: str, manifest: bytes) -> bool:
        try:
            bundle = Bundle.open(self.path(release))
            bundle.check_all()
        except BundleError:
            return False
        return (bundle.folder / MANIFEST).read_bytes() == manifest
