"""A camera or a video file as a source of pictures.

A live camera drops frames rather than lag behind; a video file drops none.
"""

import importlib.util
import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial

from edgeproof.edge.errors import ImageError, UsageError
from edgeproof.edge.sources.cadence import Cadence
from edgeproof.edge.sources.capture import CameraError, Capture, OpenCvCapture, Picamera2Capture
from edgeproof.edge.sources.picture import TICK_S, Picture, Source
from edgeproof.edge.sources.video_devices import video_devices

# waits between attempts to open a camera that went away
_FIRST_WAIT_S = 0.5
_LAST_WAIT_S = 10.0
# a driver that hangs for so long does not come back: only a new process helps
_HUNG_S = 60.0


def camera(asked: str, cadence: Cadence, say: Callable[[str], None]) -> Source:
    """The source that `--camera` names.

    Args:
        asked: `auto`, `picamera2`, `v4l2:DEVICE`, or a video file.

    Raises:
        UsageError: it is none of these.
    """
    if asked == "auto":
        opened = _first_camera
    elif asked == "picamera2":
        opened = _picamera2
    elif asked.startswith("v4l2:"):
        opened = partial(_v4l2, asked.removeprefix("v4l2:"))
    elif os.path.isfile(asked):
        return Source(_video_frames(asked, cadence), endless=False)
    else:
        hint = f"; did you mean v4l2:{asked}?" if asked.startswith("/dev/") else ", no such file"
        raise UsageError(
            "expected --camera auto, picamera2, v4l2:/dev/video0 or a video file, "
            f"got {asked}{hint}"
        )
    return Source(_LiveCamera(opened, cadence, say).pictures(), endless=True)


def _first_camera() -> Capture:
    """picamera2's, where it is installed and sees one; else the first device that gives a frame."""
    if importlib.util.find_spec("picamera2") is not None:
        with suppress(CameraError):  # it sees none: a USB camera may be there
            return _picamera2()
    devices = [device.path for device in video_devices()]
    for path in devices:
        with suppress(CameraError):  # busy, or no camera after all: the next may be one
            return _v4l2(path)
    found = f"none that gives a frame ({', '.join(devices)})" if devices else "none"
    raise CameraError(f"expected a camera, got {found}; is it plugged in?")


def _picamera2() -> Capture:
    if importlib.util.find_spec("picamera2") is None:
        raise CameraError(
            "expected picamera2, got none installed; sudo apt install python3-picamera2, and make "
            "the environment with --system-site-packages"
        )
    return _giving_frames(Picamera2Capture())


def _v4l2(path: str) -> Capture:
    return _giving_frames(OpenCvCapture(path, live=True))


def _giving_frames(capture: Capture) -> Capture:
    if capture.grab():
        return capture
    capture.close()
    raise CameraError(f"expected a camera, got {capture.name}, which gives no frame")


def _video_frames(path: str, cadence: Cadence) -> Generator[Picture, None, None]:
    """Frames named by their time in the video, as media fragments are: `clip.mp4#t=1.250`."""
    capture = OpenCvCapture(path, live=False)
    grabbed = False
    try:
        while capture.grab():
            grabbed = True
            position_s = capture.position_s()
            if cadence.wants(position_s):
                yield _picture(capture, f"{path}#t={position_s:.3f}", None)
    finally:
        capture.close()
    if not grabbed:
        raise CameraError(f"expected a video file, got {path}, which holds no frame")


def _picture(capture: Capture, name: str, time_s: float | None) -> Picture:
    try:
        return Picture(name, capture.frame(), time_s)
    except ImageError as error:
        return Picture(name, ImageError(f"{name}: {error}"), time_s)


class _LiveCamera:
    """A thread that takes frames as they come and keeps the newest one."""

    def __init__(
        self, opened: Callable[[], Capture], cadence: Cadence, say: Callable[[str], None]
    ) -> None:
        self._opened = opened
        self._cadence = cadence
        self._say = say
        self._changed = threading.Condition()
        self._newest: Picture | None = None
        self._error: Exception | None = None
        self._closing = threading.Event()
        self._alive_s = time.monotonic()
        self._wait_s = _FIRST_WAIT_S

    def pictures(self) -> Generator[Picture | None, None, None]:
        """The newest frame each time; None where there is no new one.

        Raises:
            CameraError: it cannot be opened at first, or its driver hangs.
        """
        capture = self._opened()
        self._say(f"{capture.name} is open")
        thread = threading.Thread(target=self._run, args=(capture,), name="camera", daemon=True)
        self._alive_s = time.monotonic()
        thread.start()
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._newest or self._error, TICK_S)
                    picture, self._newest = self._newest, None
                if self._error is not None:
                    raise self._error
                if time.monotonic() - self._alive_s > _HUNG_S:
                    raise CameraError(f"{capture.name}: no answer from its driver in {_HUNG_S:g} s")
                yield picture
        finally:
            self._closing.set()
            thread.join(timeout=TICK_S)

    def _run(self, capture: Capture | None) -> None:
        try:
            while capture is not None:
                name = capture.name
                self._take_until_gone(capture)
                capture.close()
                if self._closing.is_set():
                    return
                self._say(f"{name} gives no frames any more; tries to open it again")
                capture = self._reopened()
                if capture is not None:
                    self._say(f"{capture.name} is open again")
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to: `pictures` does
            with self._changed:
                self._error = error
                self._changed.notify()

    def _take_until_gone(self, capture: Capture) -> None:
        began_s = time.monotonic()
        while not self._closing.is_set() and capture.grab():
            self._alive_s = time.monotonic()
            if self._cadence.wants(capture.position_s()):
                picture = _picture(capture, capture.name, time.time())
                with self._changed:
                    self._newest = picture
                    self._changed.notify()
        if time.monotonic() - began_s > _LAST_WAIT_S:
            self._wait_s = _FIRST_WAIT_S  # it worked: not one that comes and goes

    def _reopened(self) -> Capture | None:
        """The camera once it is back; None where the end comes first."""
        while not self._closing.wait(self._wait_s):
            self._alive_s = time.monotonic()
            self._wait_s = min(2 * self._wait_s, _LAST_WAIT_S)
            with suppress(CameraError):  # not back yet
                return self._opened()
        return None
