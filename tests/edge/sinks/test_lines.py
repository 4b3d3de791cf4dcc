"""Lines on standard output and in files: whole, appended, and on bad days."""

import os
import resource
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeproof.edge.errors import OutputError
from edgeproof.edge.sinks.csv_rows import HEADER, csv_rows
from edgeproof.edge.sinks.lines import Lines
from edgeproof.edge.sinks.result import Result
from edgeproof.edge.sinks.text import text_line

RESULT = Result("a.png", None)
LINE = text_line(RESULT)


OPEN: list[Lines] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close(0)


class Log:
    def __init__(self, path: Path, *, endless: bool = True, header: str = "") -> None:
        self.said: list[str] = []
        line_of = csv_rows if header else text_line
        self.lines = Lines(path, line_of, header=header, endless=endless, say=self.said.append)
        OPEN.append(self.lines)

    def write(self, count: int = 1) -> None:
        for _ in range(count):
            self.lines.write(RESULT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


def test_a_file_is_appended_to_and_has_one_header(path: Path) -> None:
    for _ in range(2):
        log = Log(path, header=HEADER)
        log.write(2)
        assert log.lines.close(0) == 0
    assert path.read_bytes().decode() == HEADER + 4 * csv_rows(RESULT)


def test_half_a_line_of_a_power_cut_does_not_spoil_the_next(path: Path) -> None:
    path.write_text(LINE + LINE[:4])
    log = Log(path)
    log.write(2)
    assert path.read_text() == LINE + LINE[:4] + "\n" + LINE + LINE


@pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
def test_a_rotated_file_is_made_anew(path: Path, how: str) -> None:
    log = Log(path, header=HEADER)
    log.write()
    if how == "deleted":
        path.unlink()
    else:
        path.rename(path.with_suffix(".1"))
    if how == "replaced":
        path.touch()
    log.write()
    assert path.read_bytes().decode() == HEADER + csv_rows(RESULT)
    assert log.said == []


@pytest.fixture
def room() -> Iterator[None]:
    """Files of this process may have 100 bytes: six and a quarter lines."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert signal.getsignal(signal.SIGXFSZ) is signal.SIG_IGN
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def give_room() -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def test_a_full_disk_loses_whole_lines_is_said_once_and_the_run_goes_on(
    path: Path, room: None
) -> None:
    assert len(LINE) == 16
    log = Log(path)
    log.write(10)
    assert path.read_text() == 6 * LINE
    assert log.said == [f"{path}: cannot be written: File too large; goes on, and tries each line"]
    give_room()
    log.write(2)
    assert path.read_text() == 8 * LINE
    assert log.said[1:] == [f"{path}: writes again; 4 lines were lost"]
    assert log.lines.close(0) == 4


def test_a_full_disk_ends_a_finite_run(path: Path, room: None) -> None:
    log = Log(path, endless=False)
    log.write(6)
    with pytest.raises(OutputError, match=r"expected room for results in .*log.csv, got: File too"):
        log.write()
    assert path.read_text() == 6 * LINE


def test_a_header_that_found_no_room_comes_with_the_first_line(path: Path, room: None) -> None:
    path.touch()
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
    log = Log(path, header=HEADER)
    log.write()
    give_room()
    log.write()
    assert path.read_bytes().decode() == HEADER + csv_rows(RESULT)


def test_dev_full_is_a_full_disk() -> None:
    log = Log(Path("/dev/full"))
    log.write(3)
    assert [line.split(": ")[2] for line in log.said] == [
        "No space left on device; goes on, and tries each line"
    ]
    assert log.lines.close(0) == 3


def test_a_folder_that_vanishes_is_a_bad_day_too(tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    log = Log(folder / "log")
    log.write()
    (folder / "log").unlink()
    folder.rmdir()
    log.write(2)
    assert "expected a file to append to" in log.said[0]
    folder.mkdir()
    log.write()
    assert (folder / "log").read_text() == LINE
    assert log.lines.close(0) == 2


def test_a_slow_reader_of_a_nonblocking_pipe_gets_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with open(writer, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        lines = Lines(None, text_line, endless=True, say=print)
        received: list[bytes] = []

        def read() -> None:
            while chunk := os.read(reader, 1000):
                received.append(chunk)

        thread = threading.Thread(target=read)
        thread.start()
        for _ in range(20_000):
            lines.write(RESULT)
        assert lines.close(0) == 0
        monkeypatch.undo()
    thread.join()
    os.close(reader)
    assert b"".join(received) == 20_000 * LINE.encode()


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"expected a file to append to, got .*: No such file"):
        Log(tmp_path / "missing" / "log")
