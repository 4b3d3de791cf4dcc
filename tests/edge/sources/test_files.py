"""Files, folders, patterns and standard input as pictures."""

import os
import sys
from pathlib import Path

import pytest

from edgeproof.edge.errors import ImageError
from edgeproof.edge.pictures import source
from edgeproof.edge.sources import files
from edgeproof.edge.sources.files import pictures_in, pictures_of


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Pictures by name only, with everything that is none beside them."""
    for name in ("b.png", "a/2.JPG", "a/1.jpeg", "a/deep/x.webp", "c.txt", ".hidden.png"):
        path = tmp_path / "shots" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"?")
    folder = tmp_path / "shots"
    (folder / "folder.png").mkdir()
    (folder / ".thumbnails").mkdir()
    (folder / ".thumbnails" / "b.png").write_bytes(b"?")
    os.mkfifo(folder / "pipe.png")
    (folder / "loop").symlink_to(folder)
    return folder


def test_a_folder_gives_its_pictures_in_order_and_nothing_else(shots: Path) -> None:
    names = [os.path.relpath(p.name, shots) for p in pictures_in(str(shots))]
    assert names == ["a/1.jpeg", "a/2.JPG", "a/deep/x.webp", "b.png"]


def test_a_pattern_gives_each_match_once_and_folders_as_a_shell_would(shots: Path) -> None:
    for pattern in ("**", "*"):
        found = [os.path.relpath(p.name, shots) for p in pictures_of([str(shots / pattern)])]
        pictures = [name for name in found if name.lower().endswith(("g", "webp"))]
        assert len(pictures) == len(set(pictures))
        assert set(pictures) >= {"a/1.jpeg", "a/2.JPG", "a/deep/x.webp", "b.png"}
    assert [p.name for p in pictures_of([str(shots / "a" / "[12].*")])] == [
        str(shots / "a" / "1.jpeg"),
        str(shots / "a" / "2.JPG"),
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "1.png").touch()
    (tmp_path / "[1].png").touch()
    name = str(tmp_path / "[1].png")
    assert [p.name for p in pictures_of([name])] == [name]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("nothing-*.png", "expected pictures that match, got none"),
        (".", "in this folder, got none"),
    ],
)
def test_none_is_an_error_in_its_place_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argument: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = pictures_of([argument, "named.png"])
    assert isinstance(first.content, ImageError)
    assert message in str(first.content)
    assert second.content == "named.png"


def test_a_folder_that_cannot_be_listed_is_an_error_in_its_place(
    shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.scandir

    def refusing(folder: str) -> object:
        if folder.endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(files.os, "scandir", refusing)
    first, second = pictures_in(str(shots))
    assert "a: cannot be listed: Permission denied" in str(first.content)
    assert second.name.endswith("b.png")


def test_standard_input_is_not_read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_FILE_BYTES", 1000)
    with open("/dev/zero") as endless:
        monkeypatch.setattr(sys, "stdin", endless)
        (picture,) = pictures_of(["-"])
    assert "expected a file of at most 1,000 bytes" in str(picture.content)
