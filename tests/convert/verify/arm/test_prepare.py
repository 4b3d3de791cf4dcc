"""Roots appear whole or not at all, and what is missing is one sentence that says what to do."""

import json
import shutil
import subprocess
from collections import namedtuple
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgeproof.convert.verify.arm import debian, prepare, prepared, wheels
from edgeproof.convert.verify.arm.boards import BOARDS, Board
from edgeproof.convert.verify.cli import verify
from edgeproof.convert.verify.errors import PrepareError
from edgeproof.edge.errors import UsageError

Make = Callable[[], object]


def left_over(board: Board) -> list[str]:
    return sorted(path.name for path in prepared.folder_of(board).parent.glob("*"))


def test_both_boards_are_made_and_say_what_is_on_them(
    board: Board, fakes: None, make: Make
) -> None:
    assert prepared.why_not_prepared(board) == "not prepared: edgeproof verify --prepare-arm"
    stamps = make()
    assert isinstance(stamps, dict)
    assert list(stamps) == list(BOARDS) == left_over(board)
    stamp = stamps[board.runtime]
    assert stamp.versions == {"machine": "aarch64", "qemu": "10.0.13"}
    assert prepared.why_not_prepared(board) is None
    assert prepared.problem_of(board) is None


def test_what_is_whole_is_not_made_again(
    root: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(prepare, "download")
    make()


@pytest.mark.parametrize("step", ["unpack_program", "unpack", "download_wheels", "_versions"])
def test_nothing_half_made_stays(
    board: Board, fakes: None, make: Make, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fails(*_: object) -> None:
        raise PrepareError("the network went away")

    monkeypatch.setattr(prepare, step, fails)
    with pytest.raises(PrepareError, match="the network went away"):
        make()
    assert left_over(board) == []
    assert prepared.why_not_prepared(board) == "not prepared: edgeproof verify --prepare-arm"


def test_an_interrupt_leaves_nothing_either(
    board: Board, fakes: None, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(prepare, "write_stamp", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make()
    assert left_over(board) == []


def damage_stamp(root: Path) -> None:
    (root / "root.json").unlink()


def damage_stamp_content(root: Path) -> None:
    (root / "root.json").write_text("{")


def damage_by_removing(root: Path) -> None:
    (root / "root" / "python").unlink()


def damage_by_truncating(root: Path) -> None:
    (root / "root" / "python").write_text("a prog")


@pytest.mark.parametrize(
    "damage",
    [damage_stamp, damage_stamp_content, damage_by_removing, damage_by_truncating],
)
def test_a_broken_root_is_seen_and_made_again(
    board: Board, root: Path, make: Make, damage: Callable[[Path], None]
) -> None:
    damage(root)
    assert prepared.why_not_prepared(board) is None  # so that it becomes failed rows
    problem = prepared.problem_of(board)
    assert problem is not None
    assert "do: edgeproof verify --prepare-arm" in problem
    make()
    assert prepared.problem_of(board) is None


def test_what_python_compiles_breaks_nothing(board: Board, root: Path) -> None:
    (root / "compiled").mkdir()
    (root / "compiled" / "python.pyc").write_text("cached")
    assert prepared.problem_of(board) is None


def test_a_root_of_another_version_is_made_again(board: Board, root: Path, make: Make) -> None:
    stamp = json.loads((root / "root.json").read_bytes())
    (root / "root.json").write_text(json.dumps({**stamp, "recipe": "older"}))
    reason = prepared.why_not_prepared(board)
    assert reason is not None
    assert "another version of edgeproof" in reason
    make()
    assert prepared.why_not_prepared(board) is None


def test_another_processor_than_meant(
    board: Board, fakes: None, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unpack_program(package: Path, name: str, into: Path) -> None:
        into.write_text('#!/bin/sh\necho \'{"machine": "x86_64"}\'\n')
        into.chmod(0o755)

    monkeypatch.setattr(prepare, "unpack_program", unpack_program)
    with pytest.raises(PrepareError, match="expected litert-arm64 on aarch64, got x86_64"):
        make()


def test_a_board_that_does_not_start(
    board: Board, fakes: None, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unpack_program(package: Path, name: str, into: Path) -> None:
        into.write_text("#!/bin/sh\necho 'no module named numpy' >&2\nexit 1\n")
        into.chmod(0o755)

    monkeypatch.setattr(prepare, "unpack_program", unpack_program)
    with pytest.raises(PrepareError, match="got exit code 1: no module named numpy"):
        make()


def test_missing_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "apt-get" else name)
    with pytest.raises(PrepareError, match="got no apt-get; prepare the boards on Debian"):
        debian.require_tools()


def test_missing_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(debian, "KEYRING", tmp_path / "keys.gpg")
    with pytest.raises(PrepareError, match="do: apt install debian-archive-keyring"):
        debian.require_tools()


def test_missing_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(wheels, "version", missing)
    with pytest.raises(PrepareError, match=r"expected pip .* -m ensurepip"):
        wheels.require_pip()


def test_a_full_disk(
    board: Board, fakes: None, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(prepare, "_NEEDED_BYTES", 1_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9, 9, 200_000_000))
    with pytest.raises(PrepareError, match=r"expected 1 GB of free disk at .*, got 0\.2 GB; name"):
        make()


def test_a_cache_that_cannot_be_written(
    board: Board, fakes: None, make: Make, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(PrepareError, match=r"expected a writable folder at .* XDG_CACHE_HOME"):
        make()


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "apt-get"
    tool.write_text("#!/bin/sh\necho 'E: Could not resolve deb.debian.org' >&2\nexit 100\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(PrepareError, match=r"got: E: Could not resolve deb\.debian\.org; check"):
        debian.download(("python3",), suite="bookworm", architecture="arm64", into=tmp_path)


def test_no_such_wheel(board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "WARNING: retrying\nERROR: No matching distribution found for numpy==2.4.6\n"
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", said)
    )
    with pytest.raises(PrepareError, match="got: ERROR: No matching distribution found for numpy"):
        wheels.download_wheels(board, tmp_path)


def test_a_package_without_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "dpkg-deb"
    tool.write_text("#!/bin/sh\ntar -c -C / --files-from /dev/null\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(PrepareError, match=r"expected the program qemu-arm in a\.deb, got none"):
        debian.unpack_program(tmp_path / "a.deb", "qemu-arm", tmp_path / "qemu-arm")


def test_the_command_without_a_bundle(root: Path) -> None:
    done = CliRunner().invoke(verify, ["--prepare-arm"], standalone_mode=False)
    assert done.return_value == 0, done.exception
    assert "litert-arm64: machine aarch64, qemu 10.0.13" in done.stdout
    as_json = CliRunner().invoke(verify, ["--prepare-arm", "--json"], standalone_mode=False)
    assert set(json.loads(as_json.stdout)) == set(BOARDS)


def test_neither_a_bundle_nor_boards_to_make() -> None:
    done = CliRunner().invoke(verify, [])
    assert isinstance(done.exception, UsageError)
    assert "expected a BUNDLE to verify, got none" in str(done.exception)
