"""A board whose root is made of fakes: no download, no emulator."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeproof.convert.progress import Silent
from edgeproof.convert.verify.arm import prepare
from edgeproof.convert.verify.arm.boards import BOARDS, Board
from edgeproof.convert.verify.arm.prepared import folder_of


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    """The 64-bit board, with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return BOARDS["litert-arm64"]


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages that hold one file, and an emulator that says what a board's Python would say."""
    package = tmp_path / "python_3.11_arm64.deb"
    emulator = tmp_path / "qemu-user_1%3a10.0.13+ds-0+deb13u1_amd64.deb"

    def download(packages: tuple[str, ...], **_: object) -> list[Path]:
        return [emulator if packages == (prepare.EMULATOR_PACKAGE,) else package]

    def unpack(package: Path, into: Path) -> None:
        into.mkdir(exist_ok=True)
        (into / "python").write_text("a program")

    def unpack_program(package: Path, name: str, into: Path) -> None:
        machine = next(b.machine for b in BOARDS.values() if b.emulator == name)
        into.write_text(f"#!/bin/sh\necho '{json.dumps({'machine': machine})}'\n")
        into.chmod(0o755)

    monkeypatch.setattr(prepare, "download", download)
    monkeypatch.setattr(prepare, "unpack", unpack)
    monkeypatch.setattr(prepare, "unpack_program", unpack_program)
    monkeypatch.setattr(prepare, "host_architecture", lambda: "amd64")
    monkeypatch.setattr(prepare, "download_wheels", lambda board, into: [])
    monkeypatch.setattr(prepare, "require_tools", lambda: None)
    monkeypatch.setattr(prepare, "_NEEDED_BYTES", 1)


@pytest.fixture
def make() -> Callable[[], object]:
    return lambda: prepare.prepare_boards(Silent())


@pytest.fixture
def root(board: Board, fakes: None, make: Callable[[], object]) -> Path:
    """The folder of the 64-bit board, whole."""
    make()
    return folder_of(board)
