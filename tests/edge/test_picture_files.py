"""Files that are no pictures at all, or not for long; and streams."""

import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file
from edgeproof.edge.pictures import source
from edgeproof.edge.pictures.plain import Refused
from edgeproof.edge.pictures.source import MAX_FILE_BYTES, bytes_of_file, bytes_of_stream
from edgeproof.edge.plain_text import one_line
from tests.edge.corpus.seeds import seeds

CONTRACT = InputContract(8, 8, "rgb")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(seeds()["rgb.png"])
    return path


@pytest.mark.parametrize(
    "name",
    [
        "two\nlines.jpg",
        "tab\tand\x1b[31mcolour.png",
        "naïve 図.webp",
        "é".encode("latin-1"),
        " .gif",
    ],
)
def test_odd_names_are_read_and_said_in_one_line(tmp_path: Path, name: str | bytes) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/" + os.fsencode(name))
    Path(path).write_bytes(seeds()["rgb.png"])
    assert image_from_file(path, CONTRACT).shape == (8, 8, 3)
    Path(path).write_bytes(b"text")
    with pytest.raises(ImageError) as caught:
        image_from_file(path, CONTRACT)
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith(one_line(path))
    message.encode("utf-8")  # a broken name is escaped


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: None, "got no such file"),
        (lambda p: p.mkdir(), "got a folder"),
        (os.mkfifo, "got a named pipe"),
        (lambda p: p.symlink_to("/dev/zero"), "got a device"),
        (lambda p: p.symlink_to("/dev/tty"), "got a device"),
        (lambda p: p.symlink_to(p.name), "cannot be read: Too many levels"),
        (lambda p: p.symlink_to("nowhere"), "got no such file"),
        (lambda p: p.symlink_to("/proc/self/mem"), "cannot be read: Input/output error"),
        (lambda p: p.symlink_to("/proc/self/environ"), "got something else"),
        (lambda p: p.write_bytes(b""), "got something else"),
    ],
)
def test_what_is_no_file_is_not_waited_for(
    tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    path = tmp_path / "x.jpg"
    make(path)
    with pytest.raises(ImageError, match=says):
        image_from_file(path, CONTRACT)


@pytest.mark.parametrize("name", ["with\0nul.jpg", "n" * 300 + ".jpg", "picture.png/inside.png"])
def test_names_that_cannot_be(picture: Path, name: str) -> None:
    with pytest.raises(ImageError, match=r"cannot be read: |no such file"):
        image_from_file(f"{picture.parent}/{name}", CONTRACT)


def test_a_link_to_a_picture_is_a_picture(picture: Path) -> None:
    link = picture.with_name("link.jpg")
    link.symlink_to(picture)
    expected = image_from_file(picture, CONTRACT)
    np.testing.assert_array_equal(image_from_file(link, CONTRACT), expected)


def test_file_that_becomes_a_pipe_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.jpg"
    os.mkfifo(path)
    # as if it had been a file when it was looked at
    monkeypatch.setattr(source.os, "stat", lambda _: os.lstat(__file__))
    with pytest.raises(Refused, match="got a named pipe"):
        bytes_of_file(path)


@pytest.mark.parametrize("seed", ["rgb.bmp", "raw.tif"])
def test_file_that_shrinks_meanwhile_is_an_error_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: str
) -> None:
    # Pillow maps these formats into memory, where a page that is gone is a bus error
    path = tmp_path / seed
    path.write_bytes(seeds()[seed])
    real = source._bounded

    def shrinking(file: io.BufferedReader, size: int) -> bytes:
        os.truncate(path, 300)
        return real(file, size)

    monkeypatch.setattr(source, "_bounded", shrinking)
    with pytest.raises(ImageError, match="cannot be decoded"):
        image_from_file(path, CONTRACT)


def test_file_that_grows_meanwhile_is_read_as_far_as_it_was(
    picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = picture.stat().st_size
    real = source._bounded

    def growing(file: io.BufferedReader, limit: int) -> bytes:
        with picture.open("ab") as more:
            more.write(bytes(1_000_000))
        return real(file, limit)

    monkeypatch.setattr(source, "_bounded", growing)
    assert len(bytes_of_file(picture)) == size + 1
    assert image_from_file(picture, CONTRACT).shape == (8, 8, 3)


def test_file_that_vanishes_between_listing_and_reading(picture: Path) -> None:
    picture.unlink()
    with pytest.raises(ImageError, match=f"{picture}: expected a picture, got no such file"):
        image_from_file(picture, CONTRACT)


def test_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(seeds()["rgb.png"])
    os.truncate(path, MAX_FILE_BYTES + 1)  # sparse: it takes no room
    with pytest.raises(ImageError, match="expected a file of at most 60,000,000 bytes"):
        image_from_file(path, CONTRACT)


class Endless(io.RawIOBase):
    """Zeros, as long as somebody reads."""

    given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        self.given += len(buffer)
        return len(buffer)


def test_streams_are_read_to_their_end_and_no_further_than_a_file_may_go() -> None:
    content = seeds()["rgb.png"]
    assert bytes_of_stream(io.BytesIO(content)) == content
    endless = Endless()
    with pytest.raises(Refused, match="expected a file of at most 60,000,000 bytes, got more"):
        bytes_of_stream(io.BufferedReader(endless))
    assert endless.given < MAX_FILE_BYTES + 1_000_000


def test_stream_that_comes_in_pieces_is_one_picture() -> None:
    content = seeds()["baseline.jpg"]
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for piece in pieces(content):
                pipe.write(piece)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb") as pipe:
        assert bytes_of_stream(pipe) == content
    writer.join()


def pieces(content: bytes) -> Iterator[bytes]:
    return (content[i : i + 100] for i in range(0, len(content), 100))
