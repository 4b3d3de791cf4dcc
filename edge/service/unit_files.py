"""Units written and removed: only ours, whole or not at all."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from edgeproof.edge.errors import EdgeproofError, OutputError
from edgeproof.edge.plain_text import last_words
from edgeproof.edge.service.unit import MARK

SYSTEM_UNITS = Path("/etc/systemd/system")
_BOOTED = Path("/run/systemd/system")  # sd_booted(3)


class SystemdAbsent(EdgeproofError):
    """This machine is not run by systemd."""


def check_systemd(unit_dir: Path) -> None:
    """Raise SystemdAbsent where units would be written into the folder of a systemd that is not."""
    if unit_dir == SYSTEM_UNITS and not _BOOTED.is_dir():
        raise SystemdAbsent(
            f"expected a machine that systemd runs, got one without {_BOOTED}; --print shows the "
            "unit, and --unit-dir DIR writes it elsewhere"
        )


def write_unit(text: str, name: str, unit_dir: Path, *, force: bool) -> Path:
    """Write the unit and return its path.

    Raises:
        OutputError: there is one already and `force` was not given, it is not ours, or the folder
            cannot be written.
    """
    target = unit_dir / f"{name}.service"
    if target.exists():
        _check_ours(target)
        if not force:
            raise OutputError(
                f"expected a new unit, got {target}, which exists; choose another --name or give "
                "--force to replace it"
            )
    try:
        descriptor, partial = tempfile.mkstemp(prefix=f".{target.name}.partial-", dir=unit_dir)
    except FileNotFoundError:
        raise OutputError(f"expected a folder for units, got {unit_dir}, which is none") from None
    except PermissionError:
        raise OutputError(
            f"expected to write {target}, got no permission; run this with sudo"
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(partial, 0o644)
        os.replace(partial, target)
    except BaseException:
        os.unlink(partial)
        raise
    return target


def remove_unit(name: str, unit_dir: Path) -> list[str]:
    """Stop the service where it may run, remove its unit, and tell what was done.

    Raises:
        OutputError: there is no such unit, or it is not ours.
        EdgeproofError: systemctl failed.
    """
    target = unit_dir / f"{name}.service"
    if not target.is_file():
        raise OutputError(f"expected the unit {target}, got none")
    _check_ours(target)
    done = []
    if unit_dir == SYSTEM_UNITS:
        done.append(_systemctl("disable", "--now", target.name))
    target.unlink()
    done.append(f"removed {target}")
    if unit_dir == SYSTEM_UNITS:
        done.append(_systemctl("daemon-reload"))
    return done


def _check_ours(target: Path) -> None:
    with target.open("rb") as stream:
        if not stream.read(len(MARK)).startswith(MARK.encode()):
            raise OutputError(
                f"expected a unit that `edgeproof service install` wrote, got {target}, which is "
                "somebody else's; choose another name"
            )


def _systemctl(*words: str) -> str:
    if shutil.which("systemctl") is None:
        raise SystemdAbsent("expected systemctl on this machine, got none")
    done = subprocess.run(["systemctl", *words], capture_output=True, check=False)
    command = f"systemctl {' '.join(words)}"
    if done.returncode != 0:
        raise EdgeproofError(f"{command} failed: {last_words(done.stderr)}; run this with sudo")
    return command
