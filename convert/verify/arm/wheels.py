"""Wheels of another architecture, from PyPI, unpacked."""

import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgeproof.convert.verify.arm.boards import PYTHON, Board
from edgeproof.convert.verify.errors import PrepareError


def require_pip() -> None:
    """Raise PrepareError where this Python has no pip."""
    # not find_spec: setuptools hooks into the search for pip, and warns where distutils is loaded
    try:
        version("pip")
    except PackageNotFoundError as error:
        raise PrepareError(
            f"expected pip in the environment of {sys.executable}, got none; "
            f"do: {sys.executable} -m ensurepip"
        ) from error


def download_wheels(board: Board, into: Path) -> list[Path]:
    """The board's wheels, as files in a folder.

    Raises:
        PrepareError: no network, or PyPI has no such wheel any more.
    """
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--implementation", "cp"),
        *("--python-version", PYTHON, "--abi", f"cp{PYTHON.replace('.', '')}"),
        *(option for platform in board.platforms for option in ("--platform", platform)),
        *("--dest", str(into)),
        *board.wheels,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise PrepareError(
            f"expected {', '.join(board.wheels)} for {board.machine} from PyPI, got: "
            f"{' / '.join(errors[-2:]) or done.stderr.strip()[-300:]}; check the network"
        )
    return sorted(into.glob("*.whl"))


def unpack_wheel(wheel: Path, into: Path) -> None:
    """Install a wheel as far as imports need it."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(into)
