"""`python -m edgeproof.convert.verify.install_browser`: make sure that a Chromium is there.

Quiet when one is found. Otherwise Playwright downloads its own, and where it cannot, apt-get
installs Debian's (as root).
"""

import os
import shutil
import subprocess
import sys

from edgeproof.convert.verify.browser import find_chromium

_PLAYWRIGHT = (sys.executable, "-m", "playwright", "install", "--with-deps", "chromium")
_APT = (("apt-get", "update"), ("apt-get", "install", "-y", "chromium"))


def main() -> int:
    """0 when a Chromium is there afterwards, else 1 with one sentence on stderr."""
    if find_chromium() is not None:
        return 0
    say("no Chromium found; Playwright installs one")
    if _works(_PLAYWRIGHT) and find_chromium() is not None:
        return 0
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        say("Playwright could not; apt-get installs Debian's")
        if all(_works(command) for command in _APT) and find_chromium() is not None:
            return 0
    say(
        "expected a Chromium for the browser runtimes, got none and could not install one; "
        "install the package `chromium` (Debian: apt-get install chromium), or set CHROMIUM "
        "to the path of a Chromium or Chrome"
    )
    return 1


def say(sentence: str) -> None:
    sys.stderr.write(f"edgeproof: {sentence}\n")


def _works(command: tuple[str, ...]) -> bool:
    """Run a command; its own words are shown only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
