"""Where a board's root lies, whether it is whole, and how to run Python on it.

`<cache>/edgeproof/arm/<runtime>/` holds `root/` (Debian), `wheels/`, the emulator and `root.json`,
which is written last and says what belongs there. `compiled/` is Python's own, for all that is
imported on the board, so that it writes nowhere else.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from edgeproof.convert.verify.arm.boards import PYTHON, Board
from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.edge.schema import SchemaError, from_json

STAMP = "root.json"
COMPILED = "compiled"
HOW = "edgeproof verify --prepare-arm"
# what the board says of the machine that it is not
EMULATOR_VARIABLE = "EDGEPROOF_EMULATOR"
_ON_BOARD = Path(__file__).with_name("on_board.py")


@dataclass(frozen=True)
class Stamp:
    """What `root.json` says of a whole root.

    Attributes:
        recipe: of the board it was made for (`Board.recipe`).
        versions: of Python, its packages and the emulator.
        packages: the Debian packages' file names.
        files, bytes: of all files below, but for what Python compiled.
    """

    recipe: str
    versions: dict[str, str]
    packages: tuple[str, ...]
    files: int
    bytes: int


def folder_of(board: Board) -> Path:
    """Where the board's root belongs, in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "edgeproof" / "arm" / board.runtime


def why_not_prepared(board: Board) -> str | None:
    """Why the board is not there to run, as a clause; None where it is, or is broken.

    A broken root is not taken for a missing one: it makes failed rows (`board_command`).
    """
    if sys.platform != "linux":
        return f"qemu-user needs Linux, got {sys.platform}"
    folder = folder_of(board)
    if not folder.exists():
        return f"not prepared: {HOW}"
    stamp = read_stamp(folder)
    if stamp is not None and stamp.recipe != board.recipe:
        return f"prepared by another version of edgeproof: {HOW}"
    return None


def read_stamp(folder: Path) -> Stamp | None:
    """The stamp; None where there is none, or nothing that could be one."""
    try:
        return from_json(Stamp, json.loads((folder / STAMP).read_bytes()))
    except (OSError, ValueError, SchemaError):
        return None


def write_stamp(folder: Path, stamp: Stamp) -> None:
    (folder / STAMP).write_text(json.dumps(asdict(stamp), indent=1))


def problem_of(board: Board) -> str | None:
    """What a root that is there lacks, as a sentence; None where it is whole."""
    folder = folder_of(board)
    stamp = read_stamp(folder)
    if stamp is None:
        return f"expected a whole root at {folder}, got one without {STAMP}; do: {HOW}"
    found = measured_files(folder)
    if found != (stamp.files, stamp.bytes):
        return (
            f"expected {stamp.files:,} files of {stamp.bytes:,} bytes at {folder}, "
            f"got {found[0]:,} of {found[1]:,}; do: {HOW}"
        )
    return None


def measured_files(folder: Path) -> tuple[int, int]:
    """How many files there are, and their bytes, without the stamp and what Python compiled."""
    files, size = 0, 0
    for place, folders, names in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name != COMPILED]
        for name in names:
            path = Path(place, name)
            if path != folder / STAMP:
                files += 1
                size += path.lstat().st_size
    return files, size


def board_command(board: Board) -> tuple[str, ...]:
    """The command that runs the measuring child on the board.

    Raises:
        RuntimeFailed: the root is broken.
    """
    problem = problem_of(board)
    stamp = read_stamp(folder_of(board))
    if problem is not None or stamp is None:
        raise RuntimeFailed(f"{problem}")
    return emulated_python(board, folder_of(board), stamp.versions["qemu"])


def emulated_python(board: Board, folder: Path, emulator_version: str) -> tuple[str, ...]:
    """The board's Python in the emulator, about to run `on_board.py`; its arguments follow.

    All folders of Python are named by their real paths: qemu looks for a path that the root does
    not have on this machine.
    """
    root = folder / "root"
    python_path = [folder / "wheels", *(root / path for path in board.python_path)]
    environment = {
        EMULATOR_VARIABLE: f"qemu {emulator_version}, {board.processor}",
        "LD_LIBRARY_PATH": ":".join(str(root / path) for path in board.libraries),
        "PYTHONDONTWRITEBYTECODE": "",  # compiling anew doubles the time of a start
        "PYTHONPYCACHEPREFIX": str(folder / COMPILED),
        "PYTHONHOME": str(root / "usr"),
        "PYTHONPATH": ":".join(map(str, python_path)),
        "PYTHONWARNINGS": "",
    }
    # by `env`, since qemu's own -E would split a value at its commas
    settings = (f"{name}={value}" for name, value in environment.items())
    return (
        *("env", "-u", "LD_PRELOAD", *settings),
        *(str(folder / board.emulator), "-L", str(root), "-cpu", board.processor),
        *(str(root / f"usr/bin/python{PYTHON}"), "-sP", str(_ON_BOARD)),
    )
