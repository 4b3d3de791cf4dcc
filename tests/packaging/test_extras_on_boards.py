"""What `pip install 'edgeproof[edge]'` takes on each kind of board, asked of pip's own resolver.

Only the package index is needed. It has neither NumPy nor Pillow for 32-bit ARM, where both come
with the system; packages without content stand for those.
"""

import base64
import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packaging.conftest import skip_without_index

# next to the test that builds the wheel
pytestmark = pytest.mark.xdist_group("wheel")

_PIP = Path(__file__).with_name("pip_elsewhere.py")
# the versions of Debian 12, which 32-bit Raspberry Pi OS is made of
_FROM_THE_SYSTEM = {"numpy": "1.24.2", "pillow": "9.4.0"}


@dataclass(frozen=True)
class Board:
    """What `platform.machine()` says, Python's version, and the architecture of its wheels."""

    machine: str
    python: str
    wheels: str

    def __str__(self) -> str:
        return f"{self.machine}-{self.python}"

    @property
    def platforms(self) -> list[str]:
        # glibc of Debian 12, as pip would list them there
        return [f"manylinux_2_{n}_{self.wheels}" for n in range(36, 16, -1)] + [
            f"linux_{self.wheels}"
        ]


PI_64 = Board("aarch64", "3.11", "aarch64")
PI_64_TRIXIE = Board("aarch64", "3.13", "aarch64")
PI_32 = Board("armv7l", "3.11", "armv7l")
PI_32_TRIXIE = Board("armv7l", "3.13", "armv7l")
PI_32_AS_LINUX32_SHOWS_IT = Board("armv8l", "3.11", "armv7l")
PI_32_ON_64_BIT_KERNEL = Board("aarch64", "3.11", "armv7l")
PI_ZERO = Board("armv6l", "3.11", "armv6l")
PC = Board("x86_64", "3.11", "x86_64")


def resolved(board: Board, wheel: Path, extra: str, empty: Path) -> dict[str, str]:
    """Names and versions that pip would install there.

    Raises:
        AssertionError: pip refuses; with what it said.
    """
    major, minor = board.python.split(".")
    environment = {
        "platform_machine": board.machine,
        "python_version": board.python,
        "python_full_version": f"{board.python}.2",
        "sys_platform": "linux",
        "platform_system": "Linux",
    }
    wanted = f"edgeproof[{extra}] @ {wheel.as_uri()}"
    tag = f"cp{major}{minor}"
    arguments = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    arguments += ["--only-binary=:all:", "--python-version", f"{board.python}.2"]
    arguments += ["--implementation", "cp", "--abi", tag, "--abi", "abi3", "--abi", "none"]
    arguments += [part for name in board.platforms for part in ("--platform", name)]
    arguments += ["--target", str(empty / "target"), "--retries", "1", "--timeout", "20"]
    if board.wheels in ("armv6l", "armv7l"):
        for name, version in _FROM_THE_SYSTEM.items():
            empty_wheel(empty, name, version, f"{tag}-{tag}-linux_{board.wheels}")
        arguments += ["--find-links", str(empty)]
    done = subprocess.run(
        [sys.executable, _PIP, json.dumps(environment), *arguments, wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    skip_without_index(done.stderr)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    # the markers were those of the board, not of this machine
    assert report["environment"]["platform_machine"] == board.machine
    assert report["environment"]["python_version"] == board.python
    installed = [item["metadata"] for item in report["install"]]
    return {item["name"].lower(): item["version"] for item in installed}


def empty_wheel(folder: Path, name: str, version: str, tag: str) -> None:
    """A package without content that stands for the system's."""
    folder.mkdir(exist_ok=True)
    place = f"{name}-{version}.dist-info"
    files = {
        f"{place}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        "Summary: stands for the system's own in a test; holds nothing\n",
        f"{place}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    record = io.StringIO()
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        csv.writer(record).writerow([path, f"sha256={digest.decode()}", len(text)])
    csv.writer(record).writerow([f"{place}/RECORD", "", ""])
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as archive:
        for path, text in {**files, f"{place}/RECORD": record.getvalue()}.items():
            archive.writestr(path, text)


@pytest.mark.parametrize("board", [PI_64, PI_64_TRIXIE, PC], ids=Board.__str__)
def test_64_bit_boards_take_litert(board: Board, wheel: Path, tmp_path: Path) -> None:
    taken = resolved(board, wheel, "edge", tmp_path / "empty")
    assert "ai-edge-litert" in taken
    assert "tflite-runtime" not in taken
    assert {"numpy", "pillow", "click"} <= set(taken)


@pytest.mark.parametrize("board", [PI_32, PI_32_AS_LINUX32_SHOWS_IT], ids=Board.__str__)
def test_32_bit_boards_take_tflite_runtime_and_the_systems_numpy(
    board: Board, wheel: Path, tmp_path: Path
) -> None:
    taken = resolved(board, wheel, "edge", tmp_path / "empty")
    assert taken["tflite-runtime"] == "2.14.0"
    assert {name: taken[name] for name in _FROM_THE_SYSTEM} == _FROM_THE_SYSTEM
    assert "ai-edge-litert" not in taken


@pytest.mark.parametrize("board", [PI_32_TRIXIE, PI_ZERO], ids=Board.__str__)
def test_boards_without_a_runtime_install_and_doctor_says_the_rest(
    board: Board, wheel: Path, tmp_path: Path
) -> None:
    taken = resolved(board, wheel, "edge", tmp_path / "empty")
    assert set(taken) == {"edgeproof", "numpy", "pillow", "click"}


def test_a_32_bit_system_on_a_64_bit_kernel_names_its_runtime_itself(
    wheel: Path, tmp_path: Path
) -> None:
    """No marker tells it from a 64-bit system, hence the extra without a processor in it."""
    with pytest.raises(AssertionError, match="No matching distribution found for ai-edge-litert"):
        resolved(PI_32_ON_64_BIT_KERNEL, wheel, "edge", tmp_path / "empty")
    taken = resolved(PI_32_ON_64_BIT_KERNEL, wheel, "tflite-runtime", tmp_path / "empty")
    assert (taken["tflite-runtime"], taken["numpy"]) == ("2.14.0", "1.24.2")


@pytest.fixture
def swapped(wheel: Path, tmp_path: Path) -> Path:
    """The wheel with LiteRT's and tflite-runtime's conditions in each other's place."""
    copy = tmp_path / "swapped" / wheel.name
    copy.parent.mkdir()
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(".dist-info/METADATA"):
                lines = content.decode().splitlines(keepends=True)
                content = "".join(map(_swapped, lines)).encode()
                assert content != old.read(name)
            new.writestr(name, content)
    return copy


def _swapped(line: str) -> str:
    litert, older = "ai-edge-litert>=2.0", "tflite-runtime==2.14.0"
    if not line.startswith("Requires-Dist") or 'extra == "edge"' not in line:
        return line
    return line.replace(litert, "?").replace(older, litert).replace("?", older)


@pytest.mark.parametrize(
    ("board", "test", "said"),
    [
        (PI_64, test_64_bit_boards_take_litert, "assert 'ai-edge-litert' in"),
        (
            PI_32,
            test_32_bit_boards_take_tflite_runtime_and_the_systems_numpy,
            "No matching distribution found for ai-edge-litert",
        ),
    ],
    ids=["64 bit", "32 bit"],
)
def test_control_swapped_markers_are_noticed(
    board: Board,
    test: Callable[[Board, Path, Path], None],
    said: str,
    swapped: Path,
    tmp_path: Path,
) -> None:
    with pytest.raises(AssertionError, match=said):
        test(board, swapped, tmp_path)
