"""What systemd itself makes of a unit, asked of its own programs."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

_MANAGER = Path("/lib/systemd/systemd")
needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze (Debian: systemd)"
)
needs_manager = pytest.mark.skipif(
    not _MANAGER.exists(), reason="needs systemd's manager (Debian: systemd)"
)


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def exposure(unit: Path) -> float:
    """The score of `systemd-analyze security`: 0 is best, 10 worst."""
    done = analyze("security", "--offline=true", unit)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    return float(found.group(1))


def as_parsed(unit: str) -> dict[str, list[str]]:
    """Each setting of a unit's dump (`systemd --test`), `Command Line` as words, by its name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "trial.service").write_text(unit, encoding="utf-8")
        somebody = ["runuser", "-u", "nobody", "--"]  # it refuses to be tested by root
        done = subprocess.run(
            [
                *(somebody if os.geteuid() == 0 else []),
                *("env", "-i", f"HOME={name}", f"XDG_RUNTIME_DIR={name}"),
                f"SYSTEMD_UNIT_PATH={name}:/usr/lib/systemd/user",
                *(_MANAGER, "--test", "--user", "--no-pager", "--unit=trial.service"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"-> Unit trial\.service:\n((?:\t\t.*\n)+)", done.stdout)
    assert found, done.stdout[-2000:] + done.stderr
    settings: dict[str, list[str]] = {}
    for line in found.group(1).splitlines():
        key, _, value = line.strip().partition(": ")
        settings.setdefault(key, []).append(value)
    (command,) = settings["Command Line"]
    # quoted as for a shell; of its escapes Python's shlex knows those of quotes and backslashes
    command = re.sub(r"\\(.)", lambda m: m[1] if m[1] in "$`" else m[0], command)
    settings["Command Line"] = shlex.split(command)
    return settings
