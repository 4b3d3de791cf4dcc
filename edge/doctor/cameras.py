"""Cameras: what `classify --camera` would find, and what keeps it from finding more."""

import glob
import importlib.util
import os
import shutil
from collections.abc import Callable

from edgeproof.edge.doctor.finding import Finding
from edgeproof.edge.sources.video_devices import VideoDevice, video_devices

# the raw end of a Raspberry Pi's own camera port: Pi 1 to 4, and Pi 5
_CAMERA_PORT = ("unicam", "rp1-cfe")
_PROGRAMS = ("rpicam-hello", "libcamera-hello")


def camera_findings(
    pattern: str = "/dev/video*",
    devices: Callable[[str], list[VideoDevice]] = video_devices,
    has_module: Callable[[str], bool] = lambda name: importlib.util.find_spec(name) is not None,
) -> list[Finding]:
    """One finding for all USB cameras, one for the camera port, one for what may not be opened.

    Args:
        pattern: of device files.
        devices: those of them that capture.
        has_module: whether a Python module can be imported.
    """
    findings = []
    found = devices(pattern)
    port = [device for device in found if device.driver in _CAMERA_PORT]
    others = [device for device in found if device.driver not in _CAMERA_PORT]
    if others:
        names = ", ".join(f"v4l2:{device.path} ({device.name})" for device in others)
        if has_module("cv2"):
            findings.append(Finding("cameras", "ok", names))
        else:
            do = "pip install 'edgeproof[camera]'"
            findings.append(Finding("cameras", "warning", f"{names}, but no OpenCV", do))
    if port:
        findings.append(_camera_port(has_module))
    shut = [path for path in sorted(glob.glob(pattern)) if not os.access(path, os.R_OK | os.W_OK)]
    if shut:
        do = "sudo usermod -aG video $USER, then log in again"
        says = f"{', '.join(shut)} may not be opened by this user"
        findings.append(Finding("cameras", "warning", says, do))
    return findings or [Finding("cameras", "ok", "none found")]


def _camera_port(has_module: Callable[[str], bool]) -> Finding:
    if has_module("picamera2"):
        return Finding("cameras", "ok", "picamera2 (the board's camera port)")
    program = next(filter(shutil.which, _PROGRAMS), None)
    seen = f" ({program} shows what it sees)" if program else ""
    return Finding(
        "cameras",
        "warning",
        f"a camera port, but no picamera2{seen}",
        "sudo apt install python3-picamera2, and make the environment with --system-site-packages",
    )
