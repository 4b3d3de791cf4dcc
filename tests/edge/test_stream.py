"""The loop of `edgeproof classify`: how it ends, what it holds in memory, what it tells systemd."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.classifier import Classifier
from edgeproof.edge.errors import ImageError
from edgeproof.edge.sinks.result import Result
from edgeproof.edge.sources.picture import Picture, Source
from edgeproof.edge.stop import Stop
from edgeproof.edge.stream import run

EDGEPROOF = str(Path(sys.executable).with_name("edgeproof"))
LIMIT_S = 30.0


@pytest.fixture(scope="module")
def classifier(digits_bundle: Path) -> Iterator[Classifier]:
    with Classifier(digits_bundle) as made:
        yield made


@pytest.fixture(scope="module")
def picture(digits_bundle: Path) -> bytes:
    return (digits_bundle / "golden" / "files" / "01-rgb.png").read_bytes()


class Collected:
    """A sink that keeps results and calls something for each."""

    def __init__(self, called: Callable[[Result], None] = lambda result: None, lost: int = 0):
        self.results: list[Result] = []
        self._called = called
        self._lost = lost

    def write(self, result: Result) -> None:
        self.results.append(result)
        self._called(result)

    def close(self, patience_s: float) -> int:
        return self._lost


def run_on(
    classifier: Classifier,
    pictures: Generator[Picture | None, None, None],
    sink: Collected,
    *,
    endless: bool = False,
    stop: Stop | None = None,
    threshold: float = 0.0,
) -> tuple[int, list[str]]:
    said: list[str] = []
    code = run(
        classifier,
        Source(pictures, endless),
        [sink],
        top_k=3,
        threshold=threshold,
        stop=stop or Stop(endless=endless),
        say=said.append,
    )
    return code, said


def mixed(picture: bytes) -> Generator[Picture | None, None, None]:
    """Good ones, unreadable ones and ones that could not even be opened, at both ends too."""
    for i in range(30):
        content: bytes | ImageError = picture
        if i % 3 == 0:
            content = ImageError(f"{i}: cannot be read")
        elif i % 5 == 0:
            content = b"no picture"
        yield Picture(str(i), content)
    yield Picture("30", ImageError("30: cannot be read"))


@pytest.mark.parametrize("endless", [False, True])
def test_bad_pictures_keep_their_place_and_the_stream_goes_on(
    classifier: Classifier, picture: bytes, endless: bool
) -> None:
    sink = Collected()
    code, said = run_on(classifier, mixed(picture), sink, endless=endless)
    assert [r.file for r in sink.results] == [str(i) for i in range(31)]
    failed = [r for r in sink.results if r.error is not None]
    assert [r.file for r in failed] == [str(i) for i in range(31) if i % 3 == 0 or i % 5 == 0]
    assert said == [r.error for r in failed]
    assert all(r.error is not None and r.error.startswith(f"{r.file}: ") for r in failed)
    assert code == (0 if endless else 1)


def test_labels_below_the_threshold_are_left_out(classifier: Classifier, picture: bytes) -> None:
    for threshold, count in ((0.0, 3), (0.5, 1), (1.0, 0)):
        sink = Collected()
        pictures = (p for p in [Picture("a", picture)])
        assert run_on(classifier, pictures, sink, threshold=threshold) == (0, [])
        assert len(sink.results[0].scores) == count


@pytest.mark.parametrize("endless", [False, True])
def test_a_slow_sink_holds_the_source_up(
    classifier: Classifier, picture: bytes, endless: bool
) -> None:
    """Not memory, whatever the source could give: 1,000 pictures, a few of them at a time."""
    made, most = 0, 0
    freed: list[int] = []

    def pictures() -> Generator[Picture | None, None, None]:
        nonlocal made
        for i in range(1000):
            pixels = np.zeros((8, 8, 3), np.uint8)
            made += 1
            weakref.finalize(pixels, freed.append, i)
            yield Picture(str(i), pixels)

    def count(result: Result) -> None:
        nonlocal most
        most = max(most, made - len(freed))

    sink = Collected(count)
    assert run_on(classifier, pictures(), sink, endless=endless)[0] == 0
    assert len(sink.results) == 1000
    # four for each of the classifier's threads, the one in hand, and the one that is being made
    assert most <= 4 * (os.cpu_count() or 1) + 2


def test_a_lost_result_is_exit_code_1(classifier: Classifier, picture: bytes) -> None:
    for endless in (False, True):
        pictures = (p for p in [Picture("a", picture)])
        assert run_on(classifier, pictures, Collected(lost=1), endless=endless)[0] == 1


@pytest.mark.parametrize(
    ("number", "endless", "code"),
    [
        (signal.SIGTERM, True, 0),
        (signal.SIGINT, True, 0),
        (signal.SIGTERM, False, 143),
        (signal.SIGINT, False, 130),
    ],
)
def test_signals_end_the_loop_and_close_what_is_open(
    classifier: Classifier, picture: bytes, number: signal.Signals, endless: bool, code: int
) -> None:
    closed = []

    def pictures() -> Generator[Picture | None, None, None]:
        try:
            while True:
                yield Picture("a", picture)
        finally:
            closed.append(True)

    def end_soon(result: Result) -> None:
        if len(sink.results) == 5:
            signal.raise_signal(number)

    sink = Collected(end_soon)
    before = signal.getsignal(number)
    with Stop(endless=endless) as stop:
        assert run_on(classifier, pictures(), sink, endless=endless, stop=stop)[0] == code
    assert (len(sink.results), closed) == (5, [True])
    assert signal.getsignal(number) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@contextmanager
def running(*arguments: str | Path, **more: object) -> Iterator["subprocess.Popen[bytes]"]:
    command = [EDGEPROOF, "classify", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    process = subprocess.Popen(command, **pipes)  # type: ignore[call-overload]
    with process:
        try:
            yield process
        finally:
            process.kill()  # before it is waited for: a failed test must not hang


def wait_until_it_sleeps_in(process: "subprocess.Popen[bytes]", function: str) -> None:
    """Wait for the process' main thread to wait for a pipe in the kernel."""
    end_s = time.monotonic() + LIMIT_S
    while function not in Path(f"/proc/{process.pid}/wchan").read_text():
        assert process.poll() is None
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_sigterm_ends_a_watch_with_exit_code_0(
    digits_bundle: Path, tmp_path: Path, picture: bytes
) -> None:
    with running(digits_bundle, "--watch", tmp_path, "--csv") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stderr.readline() == f"edgeproof: watching {tmp_path}\n".encode()
        (tmp_path / "a.png").write_bytes(picture)
        assert process.stdout.readline() == b"time,file,rank,label,probability,error\r\n"
        assert f",{tmp_path}/a.png,1,0,0.9".encode() in process.stdout.readline()
        process.terminate()
        assert process.wait(LIMIT_S) == 0
        assert process.stderr.read() == b""


def test_an_end_comes_even_where_nobody_reads_the_results(
    digits_bundle: Path, tmp_path: Path, picture: bytes
) -> None:
    reader, writer = os.pipe()
    capacity = 0
    os.set_blocking(writer, False)
    try:
        while True:
            capacity += os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    with running(digits_bundle, "--watch", tmp_path, stdout=writer) as process:
        assert process.stderr is not None
        process.stderr.readline()
        (tmp_path / "a.png").write_bytes(picture)
        wait_until_it_sleeps_in(process, "pipe_write")
        process.terminate()
        assert process.wait(LIMIT_S) == 1
        assert process.stderr.read() == (
            b"edgeproof: stopped; results that were not taken in time are lost\n"
        )
    os.close(reader)
    os.close(writer)
    assert capacity > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_for_standard_input(
    digits_bundle: Path, number: signal.Signals
) -> None:
    with running(digits_bundle, "-", stdin=subprocess.PIPE) as process:
        assert process.stderr is not None
        wait_until_it_sleeps_in(process, "pipe_read")
        process.send_signal(number)
        assert process.wait(LIMIT_S) == 128 + number
        assert process.stderr.read() == b"edgeproof: interrupted\n"


def test_a_reader_that_goes_away_ends_it_quietly(digits_bundle: Path) -> None:
    files = " ".join(50 * [str(digits_bundle / "golden" / "files")])
    shell = f"{EDGEPROOF} classify {digits_bundle} {files} | head -n 1"
    done = subprocess.run(shell, shell=True, capture_output=True, text=True, check=True)
    assert re.search(r"01-rgb\.png: 0 \d+\.\d%\n$", done.stdout)
    assert done.stderr == ""


def test_a_talk_that_nobody_hears_does_not_end_a_stream(
    digits_bundle: Path, tmp_path: Path, picture: bytes
) -> None:
    reader, writer = os.pipe()
    with running(digits_bundle, "--watch", tmp_path, stderr=writer) as process:
        assert process.stdout is not None
        os.close(writer)
        assert os.read(reader, 1000).startswith(b"edgeproof: watching")
        os.close(reader)
        (tmp_path / "bad.png").write_bytes(b"no picture")
        (tmp_path / "good.png").write_bytes(picture)
        assert re.search(rb"good\.png: 0 \d+\.\d%\n$", process.stdout.readline())
        process.terminate()
        assert process.wait(LIMIT_S) == 0


def test_systemd_is_told_that_the_service_is_ready_alive_and_ending(
    digits_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(LIMIT_S)
        environment = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "400000"}
        with running(digits_bundle, "--watch", tmp_path / "in", env=environment) as process:
            assert [manager.recv(100) for _ in range(4)] == [b"READY=1", *3 * [b"WATCHDOG=1"]]
            process.terminate()
            last = manager.recv(100)
            while last == b"WATCHDOG=1":
                last = manager.recv(100)
            assert last == b"STOPPING=1"
            assert process.wait(LIMIT_S) == 0


def test_a_video_goes_through_the_input_contract(digits_bundle: Path, tmp_path: Path) -> None:
    """Frames get the very answers that the same pixels get as a picture file."""
    cv2 = pytest.importorskip("cv2", reason="needs OpenCV: pip install 'edgeproof[camera]'")
    from PIL import Image

    video, frames = tmp_path / "digits.avi", tmp_path / "frames"
    frames.mkdir()
    files = sorted((digits_bundle / "golden" / "files").iterdir())
    # FFV1 is lossless: what is decoded is what was written
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"FFV1"), 25, (48, 48))
    for i, file in enumerate(files):
        pixels = np.asarray(Image.open(file).convert("RGB").resize((48, 48)))
        Image.fromarray(pixels).save(frames / f"{i:02}.png")
        writer.write(pixels[..., ::-1])
    writer.release()
    arguments = [EDGEPROOF, "classify", digits_bundle, "--json", "--top-k", "10"]
    found = []
    for source in ([frames], ["--camera", video]):
        done = subprocess.run([*arguments, *source], capture_output=True, check=True)
        assert done.stderr == b""
        found.append([json.loads(line)["scores"] for line in done.stdout.splitlines()])
    assert len(found[0]) == len(files)
    assert found[0] == found[1]
