"""Which V4L2 devices give pictures."""

import fcntl
import os
import struct
from pathlib import Path

import pytest

from edgeproof.edge.sources.video_devices import video_devices

CAPTURE, OUTPUT, MEMORY_TO_MEMORY, STREAMING = 0x1, 0x2, 0x8000, 0x4000000
PER_DEVICE = 0x80000000
# as a Raspberry Pi with a USB camera answers: driver, name, of the driver, of the device
DEVICES = {
    "video0": ("unicam", "unicam", PER_DEVICE | CAPTURE, CAPTURE | STREAMING),
    "video2": ("uvcvideo", "HD Webcam", PER_DEVICE | CAPTURE, CAPTURE | STREAMING),
    "video3": ("uvcvideo", "HD Webcam", PER_DEVICE | CAPTURE, 0x00A00000),  # its metadata
    "video10": ("bcm2835-codec", "decode", PER_DEVICE, MEMORY_TO_MEMORY | STREAMING),
    "video13": ("bcm2835-isp", "output0", PER_DEVICE | CAPTURE, OUTPUT | STREAMING),
    "video20": ("old", "driver", CAPTURE | STREAMING, 0),
}


def test_usb_cameras_come_first_and_what_captures_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in DEVICES:
        (tmp_path / name).touch()

    def answer(descriptor: int, request: int, buffer: bytearray) -> int:
        assert request == 0x80685600
        name = os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))
        driver, card, of_driver, of_device = DEVICES[name]
        version = 6 << 16
        buffer[:] = struct.pack(
            "=16s32s32sIII12x",
            driver.encode(),
            card.encode(),
            b"usb-1.2",
            version,
            of_driver,
            of_device,
        )
        return 0

    monkeypatch.setattr(fcntl, "ioctl", answer)
    found = video_devices(str(tmp_path / "video*"))
    assert [Path(d.path).name for d in found] == ["video2", "video0", "video20"]
    assert (found[0].driver, found[0].name) == ("uvcvideo", "HD Webcam")


def test_what_is_no_v4l2_device_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert video_devices(str(tmp_path / "video*")) == []
