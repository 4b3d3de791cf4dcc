"""The bundles of a running server, each opened again where its manifest was replaced."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from edgeproof.edge.bundle import MANIFEST
from edgeproof.edge.errors import EdgeproofError
from edgeproof.web.offers import offer_of
from edgeproof.web.served import REPORTS, ServedBundle, served_bundle, served_bundles

# what tells a file from the one that replaces it: inode, size, time of change
_Stamp = tuple[int, int, int] | None


class Catalogue(Mapping[str, ServedBundle]):
    """Served bundles by name. Safe to use from several threads.

    Files are given out for ever under the version of the manifest that lists them. Were an older
    manifest kept, the new files would go out under the old address and stay in browsers' caches.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        given = list(folders)
        stamps = [_stamp(folder / MANIFEST) for folder in given]
        opened = served_bundles(given)
        self._folders = dict(zip(opened, given, strict=True))
        self._opened = dict(zip(opened, zip(stamps, opened.values(), strict=True), strict=True))
        self._offers: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[str]:
        return iter(self._folders)

    def __len__(self) -> int:
        return len(self._folders)

    def __getitem__(self, name: str) -> ServedBundle:
        """The bundle as it lies on the disk now.

        Raises:
            KeyError: no such name.
            EdgeproofError: what lies there now cannot be served.
        """
        folder = self._folders[name]
        stamp = _stamp(folder / MANIFEST)
        known, served = self._opened[name]
        if stamp is not None and stamp == known:
            return served
        with self._lock:
            served = served_bundle(folder, name)
            self._opened[name] = stamp, served
        return served

    def offers(self) -> list[dict[str, Any]]:
        """`offer_of` of each bundle that can be served now.

        One that is damaged does not take the others along: who asks for its files is told why.
        """
        found = []
        for name in self._folders:
            try:
                served = self[name]
            except EdgeproofError:
                continue
            found.append(self._offer(served))
        return found

    def _offer(self, served: ServedBundle) -> dict[str, Any]:
        reports = (_stamp(served.bundle.folder / report) for report in REPORTS)
        key = served.version, *reports
        known = self._offers.get(served.name)
        if known is None or known[0] != key:
            # reading a report takes milliseconds, and every document asks for it
            known = self._offers[served.name] = key, offer_of(served)
        return known[1]


def _stamp(path: Path) -> _Stamp:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns
