"""Cameras and video files as frames in RGB: OpenCV and picamera2 behind one small interface."""

import os
import time
from typing import TYPE_CHECKING, Any, Protocol

from edgeproof.edge.errors import EdgeproofError, ImageError
from edgeproof.edge.extras import require

if TYPE_CHECKING:
    import numpy as np

# a camera that gives no frame for so long gives none any more; OpenCV's own limit for V4L2 is 10 s
_FRAME_S = 10.0


class CameraError(EdgeproofError):
    """A camera or a video file cannot be opened, or does not answer."""


class Capture(Protocol):
    """An open camera or video file.

    Attributes:
        name: what results call it.
    """

    name: str

    def grab(self) -> bool:
        """Wait for the next frame; False where there is none: the end, or an unplugged camera."""

    def frame(self) -> "np.ndarray":
        """The frame that `grab` took: rows x columns x RGB, uint8.

        Raises:
            ImageError: it arrived damaged.
        """

    def position_s(self) -> float:
        """The time of that frame on a clock that never jumps, in seconds."""

    def close(self) -> None: ...


class OpenCvCapture:
    """A V4L2 device, such as a USB camera, or a video file."""

    def __init__(self, path: str, *, live: bool) -> None:
        """Open it.

        Raises:
            CameraError: it cannot be opened.
            MissingExtra: OpenCV is not installed.
        """
        require("classify --camera", "camera", "cv2")
        # FFmpeg writes to the terminal by itself; what is wrong is said in our own words
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
        os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
        import cv2

        self._cv2: Any = cv2
        self._live = live
        self.name = f"v4l2:{path}" if live else path
        if live:
            self._capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
            # the newest frame, not one of four that the driver keeps
            self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        else:
            # an absolute path: OpenCV takes others for URLs and FFmpeg's own protocols
            self._capture = cv2.VideoCapture(os.path.abspath(path))
        if not self._capture.isOpened():
            self._capture.release()
            kind = "a camera" if live else "a video file"
            raise CameraError(f"expected {kind}, got {path}, which OpenCV cannot open")

    def grab(self) -> bool:
        return bool(self._capture.grab())

    def frame(self) -> "np.ndarray":
        try:
            _, frame = self._capture.retrieve()
            return self._cv2.cvtColor(frame, self._cv2.COLOR_BGR2RGB)
        except self._cv2.error as error:
            raise ImageError("expected a frame, got one that cannot be decoded") from error

    def position_s(self) -> float:
        if self._live:
            return time.monotonic()
        return float(self._capture.get(self._cv2.CAP_PROP_POS_MSEC)) / 1000

    def close(self) -> None:
        self._capture.release()


class Picamera2Capture:
    """The first camera of a Raspberry Pi's own connector."""

    name = "picamera2"

    def __init__(self) -> None:
        """Open it and start it.

        Raises:
            CameraError: there is none, or another program has it.
        """
        from picamera2 import Picamera2

        try:
            self._camera = Picamera2()
            # libcamera names a pixel's bytes from the last to the first: BGR888 is red, green, blue
            self._camera.configure(
                self._camera.create_video_configuration(main={"format": "BGR888"})
            )
            self._camera.start()
        except (RuntimeError, IndexError) as error:
            raise CameraError(f"expected a camera for picamera2, got: {error}") from error
        self._request: Any = None

    def grab(self) -> bool:
        from concurrent.futures import TimeoutError as NoAnswer  # the built-in one from 3.11 on

        self._release()
        try:
            self._request = self._camera.capture_request(wait=False).get_result(timeout=_FRAME_S)
        except (RuntimeError, NoAnswer):
            return False
        return True

    def frame(self) -> "np.ndarray":
        return self._request.make_array("main")

    def position_s(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        self._release()
        self._camera.close()

    def _release(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.release()
