"""The V4L2 devices of this machine that give pictures."""

import glob
import os
import re
import struct
from dataclasses import dataclass

# videodev2.h: VIDIOC_QUERYCAP reads a struct v4l2_capability of 104 bytes
_QUERYCAP = 0x80685600
_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_CAPTURES = 0x00000001
_HAS_DEVICE_CAPS = 0x80000000


@dataclass(frozen=True)
class VideoDevice:
    """A device that captures video, such as /dev/video0, with its driver's and its own name."""

    path: str
    driver: str
    name: str


def video_devices(pattern: str = "/dev/video*") -> list[VideoDevice]:
    """Devices that capture, USB cameras first, then by number.

    A Raspberry Pi lists decoders, scalers and its own camera's raw end, too; the first two do not
    capture, and the last gives no pictures without libcamera, so it comes last.
    """
    found = [device for path in glob.glob(pattern) if (device := _device(path)) is not None]
    return sorted(found, key=lambda d: (d.driver != "uvcvideo", _number(d.path)))


def _device(path: str) -> VideoDevice | None:
    import fcntl

    answer = bytearray(_CAPABILITY.size)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(descriptor, _QUERYCAP, answer)
        finally:
            os.close(descriptor)
    except OSError:  # gone, not permitted, or no V4L2 device
        return None
    driver, name, _, _, of_driver, of_device = _CAPABILITY.unpack(answer)
    capabilities = of_device if of_driver & _HAS_DEVICE_CAPS else of_driver
    if not capabilities & _CAPTURES:
        return None
    return VideoDevice(path, _text(driver), _text(name))


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", errors="replace")


def _number(path: str) -> int:
    digits = re.search(r"\d+$", path)
    return int(digits[0]) if digits else 0
