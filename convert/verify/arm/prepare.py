"""`edgeproof verify --prepare-arm`: each board's root, made once, whole or not at all."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from edgeproof.convert.progress import Progress
from edgeproof.convert.verify.arm.boards import (
    BOARDS,
    EMULATOR_PACKAGE,
    EMULATOR_SUITE,
    SUITE,
    Board,
)
from edgeproof.convert.verify.arm.debian import (
    download,
    host_architecture,
    require_tools,
    unpack,
    unpack_program,
)
from edgeproof.convert.verify.arm.prepared import (
    COMPILED,
    STAMP,
    Stamp,
    emulated_python,
    folder_of,
    measured_files,
    problem_of,
    read_stamp,
    why_not_prepared,
    write_stamp,
)
from edgeproof.convert.verify.arm.wheels import download_wheels, require_pip, unpack_wheel
from edgeproof.convert.verify.errors import PrepareError
from edgeproof.edge.output_folder import whole_folder

STEPS_OF_A_BOARD = 5
# measured: 210 and 190 MB for the two boards, and 250 MB of packages and lists meanwhile
_NEEDED_BYTES = 1_000_000_000
_CHECK_TIMEOUT_S = 300  # imports under emulation: 6 s on a free core


def prepare_boards(progress: Progress) -> dict[str, Stamp]:
    """Make what is missing, broken or made by another version; the stamps of all boards.

    Raises:
        PrepareError: a tool, the network, a package or room on the disk is missing, or what was
            installed does not run. Nothing half made stays.
    """
    missing = [board for board in BOARDS.values() if not is_whole(board)]
    if missing:
        _require_everything(folder_of(missing[0]).parent)
        with tempfile.TemporaryDirectory(
            prefix=".downloads-", dir=folder_of(missing[0]).parent
        ) as downloads:
            for board in missing:
                _prepare(board, Path(downloads), progress)
    stamps = {name: read_stamp(folder_of(board)) for name, board in BOARDS.items()}
    return {name: stamp for name, stamp in stamps.items() if stamp is not None}


def is_whole(board: Board) -> bool:
    return why_not_prepared(board) is None and problem_of(board) is None


def _require_everything(cache: Path) -> None:
    """What can be known before a byte is fetched."""
    if sys.platform != "linux":
        raise PrepareError(f"expected Linux, where qemu-user runs, got {sys.platform}")
    require_tools()
    require_pip()
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PrepareError(
            f"expected a writable folder at {cache}, got: {error.strerror}; "
            "name another with XDG_CACHE_HOME"
        ) from error
    free = shutil.disk_usage(cache).free
    if free < _NEEDED_BYTES:
        raise PrepareError(
            f"expected {_NEEDED_BYTES / 1e9:.0f} GB of free disk at {cache}, "
            f"got {free / 1e9:.1f} GB; name another place with XDG_CACHE_HOME"
        )


def _prepare(board: Board, downloads: Path, progress: Progress) -> None:
    target = folder_of(board)
    if target.exists() and read_stamp(target) is None:
        shutil.rmtree(target)  # a broken root of our own; a stamped one is replaced below
    with whole_folder(target, force=True, marker=STAMP) as folder:
        progress.step(f"{board.runtime}: packages of Debian {SUITE}, {board.architecture}")
        packages = download(
            board.packages, suite=SUITE, architecture=board.architecture, into=downloads
        )
        progress.step(f"{board.runtime}: emulator of Debian {EMULATOR_SUITE}")
        (emulator,) = download(
            (EMULATOR_PACKAGE,),
            suite=EMULATOR_SUITE,
            architecture=host_architecture(),
            into=downloads,
        )
        progress.step(f"{board.runtime}: {', '.join(board.wheels)}")
        wheels = download_wheels(board, downloads / board.runtime)
        progress.step(f"{board.runtime}: unpacking")
        for package in packages:
            unpack(package, folder / "root")
        unpack_program(emulator, board.emulator, folder / board.emulator)
        for wheel in wheels:
            unpack_wheel(wheel, folder / "wheels")
        progress.step(f"{board.runtime}: a first start")
        versions = _versions(board, folder, _emulator_version(emulator))
        _keep_compiled(folder, target.absolute())
        files, size = measured_files(folder)
        names = tuple(package.name for package in packages)
        write_stamp(folder, Stamp(board.recipe, versions, names, files, size))


def _versions(board: Board, folder: Path, emulator_version: str) -> dict[str, str]:
    """Start Python on the board, import everything, and believe what it says of itself.

    Raises:
        PrepareError: it does not start, or it is not the processor that was meant.
    """
    command = [*emulated_python(board, folder, emulator_version), board.runtime]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_CHECK_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PrepareError(f"expected {board.runtime} to start, got: {error}") from error
    if done.returncode:
        said = " / ".join(done.stderr.strip().splitlines()[-2:])
        raise PrepareError(
            f"expected {board.runtime} to start, got exit code {done.returncode}: {said}"
        )
    versions: dict[str, str] = json.loads(done.stdout)
    if versions["machine"] != board.machine:
        raise PrepareError(
            f"expected {board.runtime} on {board.machine}, got {versions['machine']}"
        )
    return {**versions, "qemu": emulator_version}


def _keep_compiled(folder: Path, target: Path) -> None:
    """Move what the first start compiled from the temporary folder's path to its final one."""
    compiled = folder / COMPILED
    made = compiled / folder.absolute().relative_to("/")
    if made.is_dir():
        made.rename(compiled / target.relative_to("/"))


def _emulator_version(package: Path) -> str:
    """`10.0.13` of `qemu-user_1%3a10.0.13+ds-0+deb13u1_amd64.deb`."""
    return package.name.split("_")[1].split("%3a")[-1].split("+")[0]
