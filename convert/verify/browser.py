"""Finding a Chromium and starting it so that WebGL and WebGPU work without a graphics card."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# SwiftShader gives WebGL and WebGPU on machines without a GPU, and the same arithmetic on those
# with one; the rest keeps the browser off the network
FLAGS = (
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    # the address bar nobody sees is drawn by a page of its own: half a second of processor time
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
)


def chromium_flags() -> list[str]:
    """The flags, with `--no-sandbox` for root only: Chromium refuses to start as root without."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*FLAGS, *(["--no-sandbox"] if as_root else [])]


def find_chromium() -> str | None:
    """$CHROMIUM, else one of `NAMES` on the path, else Playwright's own; None where there is none.

    Starts Playwright's driver only where the first two find nothing.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    for name in NAMES:
        if found := shutil.which(name):
            return found
    return _playwrights_own()


def _playwrights_own() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None
