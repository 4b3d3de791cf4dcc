"""Cameras and video files: real videos, and stand-ins for cameras, which no test machine has."""

import importlib.machinery
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeproof.edge.errors import ImageError, UsageError
from edgeproof.edge.sources import camera as camera_module
from edgeproof.edge.sources.cadence import Cadence
from edgeproof.edge.sources.camera import camera
from edgeproof.edge.sources.capture import CameraError
from edgeproof.edge.sources.picture import Picture, Source
from edgeproof.edge.sources.video_devices import VideoDevice

LIMIT_S = 30.0
RED = (200, 30, 10)


def until(pictures: Iterator[Picture | None], count: int) -> list[Picture]:
    found: list[Picture] = []
    end_s = time.monotonic() + LIMIT_S
    while len(found) < count:
        assert time.monotonic() < end_s, found
        picture = next(pictures)
        if picture is not None:
            found.append(picture)
    return found


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Twelve red frames, ten a second, with a green column that moves to the right."""
    cv2 = pytest.importorskip("cv2", reason="needs OpenCV: pip install 'edgeproof[camera]'")
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, (96, 64))
    for i in range(12):
        frame = np.empty((64, 96, 3), np.uint8)
        frame[:] = RED[::-1]
        frame[:, 8 * i : 8 * i + 8] = (0, 255, 0)
        writer.write(frame)
    writer.release()
    return path


def test_a_video_file_gives_every_frame_in_rgb(video: Path) -> None:
    source = camera(str(video), Cadence(), print)
    assert not source.endless
    frames = [p for p in source.pictures if p is not None]
    assert [p.name for p in frames] == [f"{video}#t={i / 10:.3f}" for i in range(12)]
    for i, frame in enumerate(frames):
        assert isinstance(frame.content, np.ndarray)
        assert (frame.content.shape, frame.content.dtype) == ((64, 96, 3), np.uint8)
        corner = frame.content[40, 90 if i < 6 else 4]
        # the codec is lossy; red and blue swapped would differ by 190
        assert np.abs(corner.astype(int) - RED).max() < 25
        green = frame.content[..., 1].mean(axis=0).reshape(12, 8).mean(axis=1)
        assert green.argmax() == i


@pytest.mark.parametrize(
    ("cadence", "frames"), [(Cadence(every=5), [0, 5, 10]), (Cadence(fps=2), [0, 5, 10])]
)
def test_a_video_files_cadence_is_that_of_the_video(
    video: Path, cadence: Cadence, frames: list[int]
) -> None:
    names = [p.name for p in camera(str(video), cadence, print).pictures if p is not None]
    assert names == [f"{video}#t={i / 10:.3f}" for i in frames]


def test_a_file_that_is_no_video_is_an_error(tmp_path: Path) -> None:
    pytest.importorskip("cv2", reason="needs OpenCV: pip install 'edgeproof[camera]'")
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    with pytest.raises(CameraError, match=r"expected a video file, got .*, which OpenCV cannot"):
        next(camera(str(tmp_path / "clip.mp4"), Cadence(), print).pictures)


@pytest.mark.parametrize("asked", ["missing.mp4", "/dev/video0", "http://camera/stream", "usb"])
def test_what_is_no_camera_is_wrong_usage(asked: str) -> None:
    with pytest.raises(UsageError, match="expected --camera auto, picamera2, v4l2:/dev/video0 or"):
        camera(asked, Cadence(), print)


class FakeCv2(ModuleType):
    """OpenCV with V4L2 devices that the test plugs and unplugs. Frame n is n everywhere."""

    CAP_V4L2 = 200
    CAP_PROP_BUFFERSIZE = 38
    COLOR_BGR2RGB = 4
    error = type("error", (Exception,), {})

    def __init__(self) -> None:
        super().__init__("cv2")
        self.__spec__ = importlib.machinery.ModuleSpec("cv2", None)
        self.plugged: set[str] = set()
        self.damaged: set[int] = set()
        self.opened = 0
        self.open_now = 0
        self.grabbed = 0
        self.may_grab = threading.Semaphore(0)
        self.flows = False

    def VideoCapture(self, path: str, backend: int) -> Any:
        assert backend == self.CAP_V4L2
        is_open = path in self.plugged
        self.opened += 1
        self.open_now += is_open

        def grab() -> bool:
            while not self.may_grab.acquire(timeout=0.01):
                if path not in self.plugged or self.flows:
                    break
            self.grabbed += 1
            return path in self.plugged

        def retrieve() -> tuple[bool, np.ndarray | None]:
            if self.grabbed in self.damaged:
                return False, None
            frame = np.zeros((4, 6, 3), np.uint8)
            frame[..., 0] = self.grabbed % 256  # blue
            return True, frame

        def release() -> None:
            self.open_now -= is_open

        return SimpleNamespace(
            isOpened=lambda: is_open,
            set=lambda name, value: True,
            grab=grab,
            retrieve=retrieve,
            release=release,
        )

    def cvtColor(self, frame: np.ndarray | None, code: int) -> np.ndarray:
        assert code == self.COLOR_BGR2RGB
        if frame is None:
            raise self.error("(-215:Assertion failed) !_src.empty() in function 'cvtColor'")
        return frame[..., ::-1]

    def give(self, frames: int) -> None:
        self.may_grab.release(frames)

    def close(self, source: Source) -> None:
        """A real camera's next frame comes soon, and lets its thread end."""
        self.flows = True
        source.pictures.close()
        assert self.open_now == 0


@pytest.fixture
def cv2(monkeypatch: pytest.MonkeyPatch) -> FakeCv2:
    fake = FakeCv2()
    monkeypatch.setitem(sys.modules, "cv2", fake)
    monkeypatch.setattr(camera_module, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(camera_module, "_LAST_WAIT_S", 0.05)
    fake.plugged.add("/dev/video0")
    return fake


def number(picture: Picture) -> int:
    assert isinstance(picture.content, np.ndarray)
    red, green, blue = picture.content[0, 0]
    assert (red, green) == (0, 0)
    return int(blue)


def wait_for(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def test_a_live_camera_drops_frames_and_gives_the_newest(cv2: FakeCv2) -> None:
    cv2.give(1)
    source = camera("v4l2:/dev/video0", Cadence(), lambda text: None)
    assert source.endless
    next(source.pictures)
    cv2.give(100)
    wait_for(lambda: cv2.grabbed == 101)
    # the hundredth is stored a moment after it was counted
    found = until(source.pictures, 1)
    if number(found[0]) != 101:
        found = until(source.pictures, 1)
    assert number(found[0]) == 101
    assert found[0].name == "v4l2:/dev/video0"
    assert next(source.pictures) is None
    cv2.close(source)


def test_an_unplugged_camera_is_opened_again_and_said_so_once(cv2: FakeCv2) -> None:
    said: list[str] = []
    cv2.give(1)
    source = camera("v4l2:/dev/video0", Cadence(), said.append)
    next(source.pictures)
    cv2.give(1)
    until(source.pictures, 1)
    cv2.plugged.clear()
    before = cv2.opened
    wait_for(lambda: cv2.opened >= before + 4)
    assert next(source.pictures) is None  # ticks go on, so that the loop lives
    cv2.plugged.add("/dev/video0")
    cv2.give(2)
    until(source.pictures, 1)
    cv2.close(source)
    assert said == [
        "v4l2:/dev/video0 is open",
        "v4l2:/dev/video0 gives no frames any more; tries to open it again",
        "v4l2:/dev/video0 is open again",
    ]


def test_a_damaged_frame_is_an_error_of_that_frame(cv2: FakeCv2) -> None:
    cv2.damaged.add(2)
    cv2.give(1)
    source = camera("v4l2:/dev/video0", Cadence(), lambda text: None)
    next(source.pictures)
    cv2.give(1)
    (damaged,) = until(source.pictures, 1)
    assert isinstance(damaged.content, ImageError)
    assert str(damaged.content) == (
        "v4l2:/dev/video0: expected a frame, got one that cannot be decoded"
    )
    cv2.give(1)
    assert number(until(source.pictures, 1)[0]) == 3
    cv2.close(source)


def test_a_camera_that_is_not_there_at_first_is_an_error(cv2: FakeCv2) -> None:
    with pytest.raises(CameraError, match="expected a camera, got /dev/video7, which OpenCV"):
        next(camera("v4l2:/dev/video7", Cadence(), print).pictures)


def test_a_driver_that_hangs_ends_the_run(cv2: FakeCv2, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2.give(1)
    source = camera("v4l2:/dev/video0", Cadence(), lambda text: None)
    next(source.pictures)
    monkeypatch.setattr(camera_module, "_HUNG_S", 0.0)
    with pytest.raises(CameraError, match="v4l2:/dev/video0: no answer from its driver"):
        until(source.pictures, 1)
    cv2.plugged.clear()


def test_a_fault_in_the_cameras_thread_is_not_silence(cv2: FakeCv2) -> None:
    class Faulty(Cadence):
        def wants(self, time_s: float) -> bool:
            raise ZeroDivisionError

    cv2.give(2)
    source = camera("v4l2:/dev/video0", Faulty(), lambda text: None)
    with pytest.raises(ZeroDivisionError):
        until(source.pictures, 1)


def test_auto_takes_the_first_device_that_gives_a_frame(
    cv2: FakeCv2, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [VideoDevice(f"/dev/video{i}", "uvcvideo", "USB camera") for i in (1, 0)]
    monkeypatch.setattr(camera_module, "video_devices", lambda: devices)
    cv2.give(1)
    source = camera("auto", Cadence(), lambda text: None)
    next(source.pictures)
    cv2.give(1)
    assert until(source.pictures, 1)[0].name == "v4l2:/dev/video0"
    cv2.close(source)
    cv2.plugged.clear()
    message = r"got none that gives a frame \(/dev/video1, /dev/video0\); is it plugged in"
    with pytest.raises(CameraError, match=message):
        next(camera("auto", Cadence(), print).pictures)
    monkeypatch.setattr(camera_module, "video_devices", list)
    with pytest.raises(CameraError, match="expected a camera, got none; is it plugged in"):
        next(camera("auto", Cadence(), print).pictures)


class FakePicamera2:
    """picamera2's documented behaviour: BGR888 arrays hold red, green, blue; RGB888 the reverse."""

    cameras = 1
    frames = 1_000_000
    made: "list[FakePicamera2]" = []  # noqa: RUF012

    def __init__(self) -> None:
        if self.cameras == 0:
            raise IndexError("list index out of range")
        self.lent = 0
        self.closed = False
        self.made.append(self)

    def create_video_configuration(self, main: dict[str, Any]) -> dict[str, Any]:
        return {"main": {"size": (8, 6), **main}}

    def configure(self, configuration: dict[str, Any]) -> None:
        self.format = configuration["main"]["format"]
        self.size = configuration["main"]["size"]

    def start(self) -> None:
        self.started = True

    def capture_request(self, wait: bool) -> SimpleNamespace:
        assert not wait
        assert self.started
        self.lent += 1
        assert self.lent <= 1, "a request that is not given back is a buffer less"

        def make_array(name: str) -> np.ndarray:
            assert name == "main"
            red, green, blue = RED
            pixel = {"BGR888": (red, green, blue), "RGB888": (blue, green, red)}[self.format]
            width, height = self.size
            return np.full((height, width, 3), pixel, np.uint8)

        def release() -> None:
            self.lent -= 1

        request: Future[SimpleNamespace] = Future()
        if FakePicamera2.frames > 0:
            FakePicamera2.frames -= 1
            request.set_result(SimpleNamespace(make_array=make_array, release=release))
        else:
            self.lent -= 1
            request.set_exception(RuntimeError("Camera frontend has timed out!"))
        return SimpleNamespace(get_result=request.result)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> type[FakePicamera2]:
    module = ModuleType("picamera2")
    module.__spec__ = importlib.machinery.ModuleSpec("picamera2", None)
    module.Picamera2 = FakePicamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setattr(FakePicamera2, "made", [])
    monkeypatch.setattr(FakePicamera2, "frames", 1_000_000)
    monkeypatch.setattr(camera_module, "_FIRST_WAIT_S", 0.01)
    return FakePicamera2


@pytest.mark.parametrize("asked", ["auto", "picamera2"])
def test_picamera2_gives_red_green_blue(picamera2: type[FakePicamera2], asked: str) -> None:
    source = camera(asked, Cadence(fps=1000), lambda text: None)
    (picture,) = until(source.pictures, 1)
    assert picture.name == "picamera2"
    assert isinstance(picture.content, np.ndarray)
    assert tuple(picture.content[3, 5]) == RED
    source.pictures.close()
    assert [made.closed for made in picamera2.made] == [True]
    assert picamera2.made[0].lent == 0


def test_picamera2_that_stops_is_opened_again(picamera2: type[FakePicamera2]) -> None:
    said: list[str] = []
    picamera2.frames = 3
    source = camera("picamera2", Cadence(), said.append)
    wait_for(lambda: (next(source.pictures), len(picamera2.made))[1] > 2)
    picamera2.frames = 1_000_000
    wait_for(lambda: (next(source.pictures), said[-1])[1] == "picamera2 is open again")
    until(source.pictures, 1)
    source.pictures.close()
    assert [made.closed for made in picamera2.made] == [True] * len(picamera2.made)
    assert len(said) == 3


def test_auto_goes_on_to_usb_where_picamera2_sees_no_camera(
    picamera2: type[FakePicamera2], cv2: FakeCv2, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picamera2, "cameras", 0)
    devices = [VideoDevice("/dev/video0", "uvcvideo", "USB camera")]
    monkeypatch.setattr(camera_module, "video_devices", lambda: devices)
    cv2.give(2)
    source = camera("auto", Cadence(), lambda text: None)
    assert until(source.pictures, 1)[0].name == "v4l2:/dev/video0"
    cv2.close(source)


def test_picamera2_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match="sudo apt install python3-picamera2"):
        next(camera("picamera2", Cadence(), print).pictures)
