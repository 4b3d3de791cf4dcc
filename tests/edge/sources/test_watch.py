"""A watched folder: every picture whole, and once, whatever happens around it."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgeproof.edge.errors import ImageError
from edgeproof.edge.sources import folder_events, watch, whole_file
from edgeproof.edge.sources.picture import Picture, Source
from edgeproof.edge.sources.watch import FolderGone, watched_folder

# none of the waits here comes near it; a test that fails must end
LIMIT_S = 30.0
CONTENT = b"picture " * 1000


class Watcher:
    """A watched folder, looked at by the test's own thread."""

    def __init__(self, folder: Path, *, existing: bool = False, settle_s: float = 60.0) -> None:
        self.said: list[str] = []
        self.folder = folder
        self.source: Source = watched_folder(
            str(folder), existing=existing, settle_s=settle_s, say=self.said.append
        )
        self.looks = iter(self.source.pictures)
        self.first = next(self.looks)  # the watch stands now

    def until(self, enough: Callable[[list[Picture]], bool]) -> list[Picture]:
        """Pictures until there are enough."""
        found: list[Picture] = []
        end_s = time.monotonic() + LIMIT_S
        while not enough(found):
            assert time.monotonic() < end_s, (found, self.said)
            picture = next(self.looks)
            if picture is not None:
                found.append(picture)
        return found

    def names(self, count: int) -> list[str]:
        return [os.path.relpath(p.name, self.folder) for p in self.until(lambda f: len(f) == count)]

    def nothing_more(self, looks: int = 5) -> bool:
        return all(next(self.looks) is None for _ in range(looks))


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "TICK_S", 0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def watcher(folder: Path) -> Iterator[Watcher]:
    made = Watcher(folder)
    yield made
    made.source.pictures.close()


@pytest.fixture
def unknowing_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither events nor leases, as on a network file system."""
    monkeypatch.setattr(watch, "is_remote", lambda folder: True)
    monkeypatch.setattr(watch, "_POLLING_S", 0.1)
    monkeypatch.setattr(whole_file, "_being_written", lambda descriptor: None)


def test_written_moved_and_linked_pictures_are_given_and_nothing_else(
    watcher: Watcher, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere.jpg").write_bytes(CONTENT)
    (folder / "notes.txt").write_bytes(CONTENT)
    (folder / ".upload.png").write_bytes(CONTENT)
    os.mkfifo(folder / "pipe.png")
    (folder / "written.png").write_bytes(CONTENT)
    shutil.move(tmp_path / "elsewhere.jpg", folder / "moved.jpg")
    (folder / ".upload.png").rename(folder / "renamed.png")
    os.link(folder / "notes.txt", folder / "linked.png")
    names = watcher.names(4)
    assert sorted(names) == ["linked.png", "moved.jpg", "renamed.png", "written.png"]
    assert watcher.nothing_more()


def test_folders_that_appear_are_watched_too(
    watcher: Watcher, folder: Path, tmp_path: Path
) -> None:
    (folder / "made").mkdir()
    (folder / "made" / "1.png").write_bytes(CONTENT)
    (tmp_path / "full" / "deep").mkdir(parents=True)
    (tmp_path / "full" / "deep" / "2.png").write_bytes(CONTENT)
    shutil.move(tmp_path / "full", folder / "full")
    assert sorted(watcher.names(2)) == ["full/deep/2.png", "made/1.png"]
    (folder / "full" / "deep" / "3.png").write_bytes(CONTENT)
    assert watcher.names(1) == ["full/deep/3.png"]


def test_a_file_is_not_read_before_its_writer_closes_it(folder: Path) -> None:
    watcher = Watcher(folder, settle_s=0.0)  # the rest alone would take it at once
    with open(folder / "slow.png", "wb") as slow:
        for _ in range(3):
            slow.write(CONTENT)
            slow.flush()
            assert watcher.nothing_more()
    (picture,) = watcher.until(lambda f: len(f) == 1)
    assert picture.content == 3 * CONTENT
    watcher.source.pictures.close()


def test_without_the_kernels_help_a_growing_file_is_not_read(
    folder: Path, unknowing_kernel: None
) -> None:
    watcher = Watcher(folder, settle_s=1.0)
    assert "looking every 0.1 s: other machines may write there" in watcher.said[0]
    path = folder / "slow.png"
    for part in range(4):
        with open(path, "ab") as slow:  # closed between its parts: nobody could tell
            slow.write(CONTENT)
        os.utime(path, ns=(part, part))
        assert watcher.nothing_more(2)
    (picture,) = watcher.until(lambda f: len(f) == 1)
    assert picture.content == 4 * CONTENT
    watcher.source.pictures.close()


def test_a_file_that_changes_while_it_is_read_is_read_again(
    watcher: Watcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "latest.png"
    looked_at = whole_file._being_written
    writes = [b"second" * 50, b"third" * 50]

    def overwritten_meanwhile(descriptor: int) -> bool | None:
        answer = looked_at(descriptor)
        if writes:
            path.write_bytes(writes.pop(0))
        return answer

    monkeypatch.setattr(whole_file, "_being_written", overwritten_meanwhile)
    path.write_bytes(b"first" * 50)
    (picture,) = watcher.until(lambda f: len(f) == 1)
    assert picture.content == b"third" * 50


def test_what_lies_there_is_given_only_when_asked_for(folder: Path) -> None:
    (folder / "old.png").write_bytes(CONTENT)
    watcher = Watcher(folder)
    (folder / "new.png").write_bytes(CONTENT)
    assert watcher.first is None
    assert watcher.names(1) == ["new.png"]
    watcher.source.pictures.close()
    watcher = Watcher(folder, existing=True)
    assert watcher.first is not None
    assert [watcher.first.name, *(p.name for p in watcher.until(lambda f: len(f) == 1))] == [
        str(folder / "new.png"),
        str(folder / "old.png"),
    ]
    assert watcher.nothing_more()
    watcher.source.pictures.close()


def test_a_storm_of_renames_ends_with_every_file_seen_once(
    watcher: Watcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_events, "_LIMIT", 50)  # most of the storm's events are dropped

    def storm() -> None:
        for i in range(600):
            path = folder / f"{i}.png"
            path.write_bytes(CONTENT)
            path.rename(folder / f"{i % 10}-kept.png")
            if i % 3 == 0:
                (folder / f"{i % 10}-kept.png").unlink()

    thread = threading.Thread(target=storm)
    thread.start()
    found = watcher.until(lambda f: not thread.is_alive())
    left = {p.name: p.stat() for p in folder.iterdir()}
    (folder / "last.png").write_bytes(b"the last one")
    found += watcher.until(lambda f: any(p.content == b"the last one" for p in f))
    given = [os.path.basename(p.name) for p in found]
    assert set(given) >= set(left)
    assert all(p.content in (CONTENT, b"the last one") for p in found)
    assert watcher.nothing_more()


def test_events_that_were_dropped_are_made_up_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_events, "_LIMIT", 1)
    monkeypatch.setattr(watch, "_LISTING_S", 1000 * LIMIT_S)
    watcher = Watcher(folder)
    for i in range(20):
        (folder / f"{i}.png").write_bytes(CONTENT)
    assert len(set(watcher.names(20))) == 20
    assert watcher.nothing_more()
    watcher.source.pictures.close()


def test_events_that_nobody_told_of_are_made_up_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel's own queue overflows without a word to us: listings find what is there."""
    monkeypatch.setattr(folder_events.FolderEvents, "_collect", lambda *event, complete: None)
    monkeypatch.setattr(watch, "_LISTING_S", 0.1)
    watcher = Watcher(folder)
    for i in range(20):
        (folder / f"{i}.png").write_bytes(CONTENT)
    assert len(set(watcher.names(20))) == 20
    assert watcher.nothing_more()
    watcher.source.pictures.close()


def test_the_folder_may_go_and_come_back(watcher: Watcher, folder: Path, tmp_path: Path) -> None:
    (folder / "1.png").write_bytes(CONTENT)
    assert watcher.names(1) == ["1.png"]
    shutil.rmtree(folder)
    assert watcher.nothing_more()
    assert watcher.said[-1] == f"{folder} is gone; waits for it to come back"
    folder.mkdir()
    (folder / "2.png").write_bytes(CONTENT)
    assert watcher.names(1) == ["2.png"]
    # a move looks the same, and what was given before is not given again
    folder.rename(tmp_path / "away")
    assert watcher.nothing_more()
    (tmp_path / "away").rename(folder)
    (folder / "3.png").write_bytes(CONTENT)
    assert watcher.names(1) == ["3.png"]
    assert watcher.said.count(f"{folder} is gone; waits for it to come back") == 2
    assert watcher.said[-1] == f"watching {folder}"


def test_a_link_to_a_folder_is_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    watcher = Watcher(tmp_path / "link")
    (folder / "1.png").write_bytes(CONTENT)
    assert watcher.names(1) == ["1.png"]
    watcher.source.pictures.close()


def test_what_was_deleted_is_forgotten(folder: Path, unknowing_kernel: None) -> None:
    made = watch._Watch(str(folder), 0.0, lambda text: None)
    looks = made.pictures(existing=True)
    for i in range(10):
        path = folder / f"{i}.png"
        path.write_bytes(CONTENT)
        end_s = time.monotonic() + LIMIT_S
        while next(looks) is None:
            assert time.monotonic() < end_s
        path.unlink()
    for _ in range(3):
        next(looks)
    assert len(made._seen) <= 3
    assert not made._candidates
    looks.close()


def test_a_file_that_is_too_large_is_an_error(
    watcher: Watcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_file, "MAX_FILE_BYTES", 1000)
    (folder / "large.png").write_bytes(CONTENT)
    (picture,) = watcher.until(lambda f: len(f) == 1)
    assert isinstance(picture.content, ImageError)
    assert "expected at most 1,000 bytes, got 8,000" in str(picture.content)
    assert watcher.nothing_more()


def test_the_wall_clock_may_jump(
    watcher: Watcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    years_s = iter(range(0, 10**12, 10**8))
    monkeypatch.setattr(time, "time", lambda: -float(next(years_s)))
    for i in range(5):
        (folder / f"{i}.png").write_bytes(CONTENT)
        assert watcher.names(1) == [f"{i}.png"]


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_no_folder_is_an_error(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderGone, match=r"expected a folder to watch, got .*: (a file|no such)"):
        watched_folder(str(tmp_path / kind), existing=False, settle_s=1, say=lambda text: None)
