"""What the doctor makes of a board's facts, of cameras and of the disk."""

import os
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from edgeproof.edge.board import Board, read_board
from edgeproof.edge.doctor.cameras import camera_findings
from edgeproof.edge.doctor.finding import Finding
from edgeproof.edge.doctor.machine import machine_findings
from edgeproof.edge.doctor.storage import storage_finding
from edgeproof.edge.sources.video_devices import VideoDevice
from edgeproof.edge.throttling import Throttling
from tests.edge.fake_boards import BOARDS


@pytest.fixture
def pi_4(tmp_path: Path) -> Board:
    return replace(
        read_board(tmp_path, BOARDS["pi_4"](tmp_path)), memory_available_bytes=3_000_000_000
    )


def found(board: Board, name: str) -> Finding:
    (finding,) = [finding for finding in machine_findings(board) if finding.name == name]
    return finding


def test_a_healthy_pi_4(pi_4: Board) -> None:
    assert {finding.state for finding in machine_findings(pi_4)} == {"ok"}
    assert found(pi_4, "board").says == "Raspberry Pi 4 Model B Rev 1.4, Cortex-A72"
    assert found(pi_4, "cores").says == "4 cores, 600 of 1,500 MHz, governor ondemand"
    assert found(pi_4, "memory").says == "3,000 MB of 3,978 MB can be had"


def test_what_is_not_told_is_said_to_be(tmp_path: Path) -> None:
    board = read_board(tmp_path, BOARDS["silent"](tmp_path))
    silent = {f.name for f in machine_findings(board) if f.says == "this machine does not tell"}
    assert silent == {"board", "memory", "temperature", "power"}


@pytest.mark.parametrize(
    ("change", "name", "says", "do"),
    [
        ({"memory_available_bytes": 50_000_000}, "memory", "50 MB of", "add swap"),
        ({"temperature_c": 78.0}, "temperature", "78 °C: it is slowed down from 80", "a fan"),
        ({"temperature_c": 84.6}, "temperature", "85 °C: it is slowed down", "a fan"),
        ({"throttling": Throttling(0x50005)}, "power", "now: under-voltage", "power supply"),
        (
            {"throttling": Throttling(0x80008)},
            "power",
            "since the board started: soft temperature limit",
            "a fan",
        ),
    ],
)
def test_what_is_wrong_with_a_board(
    pi_4: Board, change: dict[str, object], name: str, says: str, do: str
) -> None:
    finding = found(replace(pi_4, **change), name)  # type: ignore[arg-type]
    assert finding.state == "warning"
    assert says in finding.says
    assert finding.do is not None
    assert do in finding.do


def test_a_32_bit_system_and_a_container_are_named(tmp_path: Path) -> None:
    mixed = read_board(tmp_path / "a", BOARDS["pi_4_with_32_bit_system"](tmp_path / "a"))
    assert found(mixed, "system").says.endswith("aarch64, a 32-bit system")
    container = read_board(tmp_path / "b", BOARDS["container"](tmp_path / "b"))
    assert "4 cores, of which 1.5 may be kept busy" in found(container, "cores").says


USB = VideoDevice("/dev/video0", "uvcvideo", "HD Webcam")
PORT = VideoDevice("/dev/video1", "unicam", "unicam")


@pytest.mark.parametrize(
    ("devices", "modules", "expected"),
    [
        ([], [], [("ok", "none found")]),
        ([USB], ["cv2"], [("ok", "v4l2:/dev/video0 (HD Webcam)")]),
        ([USB], [], [("warning", "v4l2:/dev/video0 (HD Webcam), but no OpenCV")]),
        ([PORT], ["picamera2"], [("ok", "picamera2 (the board's camera port)")]),
        ([PORT], ["cv2"], [("warning", "a camera port, but no picamera2")]),
        (
            [USB, PORT],
            ["cv2", "picamera2"],
            [
                ("ok", "v4l2:/dev/video0 (HD Webcam)"),
                ("ok", "picamera2 (the board's camera port)"),
            ],
        ),
    ],
)
def test_cameras(
    devices: list[VideoDevice], modules: list[str], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    findings = camera_findings(
        str(tmp_path / "video*"), lambda pattern: devices, lambda name: name in modules
    )
    assert [(finding.state, finding.says) for finding in findings] == expected
    assert all((f.do is None) == (f.state == "ok") for f in findings)


def test_a_camera_that_this_user_may_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "video0").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # tests may run as the superuser
    (finding,) = camera_findings(str(tmp_path / "video*"), lambda pattern: [])
    assert finding.state == "warning"
    assert "may not be opened by this user" in finding.says
    assert finding.do is not None
    assert "usermod -aG video" in finding.do


def test_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    place = "edgeproof.edge.doctor.storage.shutil.disk_usage"
    monkeypatch.setattr(place, lambda path: usage(32e9, 31e9, 1e9))
    assert storage_finding(tmp_path) == Finding(
        "disk", "ok", f"1.0 GB of 32.0 GB free at {tmp_path}"
    )
    monkeypatch.setattr(place, lambda path: usage(32e9, 32e9, 5e6))
    assert storage_finding(tmp_path).state == "warning"
    monkeypatch.undo()
    assert storage_finding(tmp_path / "missing").state == "warning"
