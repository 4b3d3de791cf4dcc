"""A folder that is watched: every picture that comes to lie in it, whole, and once.

Events make it quick, listings make it sure: the kernel drops events in a storm, and never hears of
what other machines write into a network folder.
"""

import os
import stat
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from edgeproof.edge.errors import EdgeproofError, ImageError
from edgeproof.edge.extras import require
from edgeproof.edge.sources.file_system import is_remote
from edgeproof.edge.sources.files import is_picture, pictures_in
from edgeproof.edge.sources.folder_events import FolderEvents
from edgeproof.edge.sources.picture import TICK_S, Picture, Source
from edgeproof.edge.sources.whole_file import Signature, State, signature_of, whole_file

# seconds between listings: beside events only for lost ones, without events the only way
_LISTING_S = 30.0
_POLLING_S = 2.0
# a listing is followed by this many times its own duration without one: 5 % of the time at most
_REST = 20
# pictures that were given, and may be gone, before a listing forgets those that are: 0.1 MB
_FORGOTTEN = 1000
# files that wait for their end; more are found by the next listing
_MAX_CANDIDATES = 10_000


class FolderGone(EdgeproofError):
    """The folder to watch is not there, or is no folder."""


def watched_folder(
    folder: str, *, existing: bool, settle_s: float, say: Callable[[str], None]
) -> Source:
    """An endless source: the pictures that come to lie below a folder, as bytes.

    A picture is given once for every path, size and time of change: renamed or written anew it is
    a new one. When the folder goes away this is said, and it is waited for.

    Args:
        existing: give what lies there at the beginning, too.
        settle_s: how long a file must not have changed where the kernel does not tell whether
            somebody still writes it.

    Raises:
        FolderGone: there is no such folder now.
        MissingExtra: watchdog is not installed.
    """
    require("classify --watch", "watch", "watchdog")
    if not os.path.isdir(folder):
        found = "a file" if os.path.exists(folder) else "no such folder"
        raise FolderGone(f"expected a folder to watch, got {folder}: {found}")
    watch = _Watch(folder, settle_s, say)
    return Source(watch.pictures(existing=existing), endless=True)


@dataclass
class _Candidate:
    """A file that may not be whole yet.

    Attributes:
        complete: its writer closed it, or it was moved here.
        signature, since_s: what it was when last looked at, and since when.
        next_s: when to look again.
    """

    complete: bool
    signature: Signature | None = None
    since_s: float = 0.0
    next_s: float = 0.0


class _Watch:
    def __init__(self, folder: str, settle_s: float, say: Callable[[str], None]) -> None:
        self._name = folder
        self._folder = os.path.join(folder, "")  # the slash makes the kernel follow a link to it
        self._settle_s = settle_s
        self._say = say
        self._seen: set[int] = set()
        self._listed_seen = 0  # of these, how many the last listing left
        self._candidates: dict[str, _Candidate] = {}

    def pictures(self, *, existing: bool) -> Generator[Picture | None, None, None]:
        if not existing:
            for picture in pictures_in(self._folder):
                self._seen.add(_key(picture.name))
        while True:
            with self._events() as events:
                yield from self._while_there(events)
            self._say(f"{self._name} is gone; waits for it to come back")
            while not os.path.isdir(self._folder):
                time.sleep(TICK_S)
                yield None

    def _events(self) -> AbstractContextManager[FolderEvents | None]:
        why = ""
        if sys.platform != "linux":
            why = "this system has no inotify"
        elif is_remote(self._folder):
            why = "other machines may write there unheard"
        else:
            try:
                events = FolderEvents(self._folder)
            except OSError as error:
                why = f"no events: {error.strerror}"
            else:
                self._say(f"watching {self._name}")
                return events
        self._say(f"watching {self._name}, looking every {_POLLING_S:g} s: {why}")
        return nullcontext()

    def _while_there(self, events: FolderEvents | None) -> Iterator[Picture | None]:
        there = _identity(self._folder)
        # at once: something may have come before the events did
        rested_s = listing_s = time.monotonic()
        while _identity(self._folder) == there is not None:
            is_crowded = len(self._seen) > 2 * self._listed_seen + _FORGOTTEN
            if time.monotonic() >= (rested_s if is_crowded else listing_s):
                began_s = time.monotonic()
                yield from self._listed()
                ended_s = time.monotonic()
                rested_s = ended_s + _REST * (ended_s - began_s)
                listing_s = max(rested_s, ended_s + (_POLLING_S if events is None else _LISTING_S))
                self._listed_seen = len(self._seen)
            for path, candidate in list(self._candidates.items()):
                if candidate.next_s <= time.monotonic():
                    picture = self._looked_at(path, candidate)
                    if picture is not None:
                        yield picture
            yield None
            if events is None:
                time.sleep(TICK_S)
                continue
            paths, dropped = events.take(TICK_S)
            for path, complete in paths.items():
                if is_picture(os.path.basename(path)):
                    known = self._candidates.pop(path, _Candidate(complete))
                    known.complete = known.complete or complete
                    known.next_s = 0.0
                    self._candidates[path] = known
            if dropped:
                listing_s = time.monotonic()

    def _listed(self) -> Iterator[Picture | None]:
        """Looks at every picture that is there, and forgets those that are not."""
        before, self._seen = self._seen, set()
        told_s = time.monotonic()
        for listed in pictures_in(self._folder):
            key = _key(listed.name)
            if key in before:
                self._seen.add(key)
            elif isinstance(listed.content, ImageError):
                if listed.name == self._folder:
                    self._seen |= before
                    return
                self._seen.add(key)
                yield Picture(listed.name, listed.content, time.time())
            elif len(self._candidates) < _MAX_CANDIDATES or listed.name in self._candidates:
                candidate = self._candidates.setdefault(listed.name, _Candidate(complete=False))
                picture = self._looked_at(listed.name, candidate)
                if picture is not None:
                    yield picture
            if time.monotonic() - told_s > TICK_S:
                yield None
                told_s = time.monotonic()

    def _looked_at(self, path: str, candidate: _Candidate) -> Picture | None:
        """The picture, if it is whole and new; it is a candidate no more then."""
        try:
            status = os.stat(path)
            key = hash((path, *signature_of(status)))
            if not stat.S_ISREG(status.st_mode) or key in self._seen:
                del self._candidates[path]
                return None
            found = whole_file(path, lambda state: self._is_ready(candidate, state))
        except ImageError as error:
            del self._candidates[path]
            self._seen.add(key)
            return Picture(path, error, time.time())
        except OSError:  # gone again: deleted, renamed, or its folder was
            del self._candidates[path]
            return None
        if found is None:
            candidate.next_s = time.monotonic() + self._settle_s / 2
            return None
        signature, content = found
        del self._candidates[path]
        self._seen.add(hash((path, *signature)))
        return Picture(path, content, time.time())

    def _is_ready(self, candidate: _Candidate, state: State) -> bool:
        now_s = time.monotonic()
        if state.signature != candidate.signature or state.being_written:
            candidate.signature, candidate.since_s = state.signature, now_s
        if state.being_written:
            return False
        # nobody has it open: a link was made, or the event is still on its way
        is_closed = candidate.complete or state.being_written is False
        # an empty file may be made by one process for another, which fills it
        if is_closed and state.signature[0] > 0:
            return True
        return now_s - candidate.since_s >= self._settle_s


def _key(path: str) -> int:
    """What tells a picture that was given from one that was not: its path, size and time."""
    try:
        return hash((path, *signature_of(os.stat(path))))
    except OSError:
        return hash(path)


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None
