"""`edgeproof install`: what runs afterwards, and what stays when it fails."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.deploy.device_check import (
    CheckImpossible,
    DeviceCheck,
    check_variant,
    check_variant_apart,
)
from edgeproof.edge.deploy.install import Installation, install, roll_back
from edgeproof.edge.deploy.releases import InstallationRuns, Releases
from edgeproof.edge.errors import BundleError, OutputError

from .conftest import Run, names_below

Cli = Callable[..., subprocess.CompletedProcess[str]]


def installed(file: Path, folder: Path, keep: int = 2) -> Installation:
    with file.open("rb") as stream:
        return install(stream, folder, keep=keep, check=check_variant)


def releases(folder: Path) -> set[str]:
    return {p.name for p in (folder / "releases").iterdir()}


def test_model_is_installed_proved_and_classifies(
    run: Run, cli: Cli, packed: dict[str, Path], tmp_path: Path
) -> None:
    device = tmp_path / "my models"
    code, out, talk = run("install", packed["int8"], "--into", device, "--json")
    assert code == 0
    assert talk == "checking tflite-int8 on this device\n"
    said = json.loads(out)
    (check,) = said["checks"]
    assert check["passed"] is True
    assert (check["inputs"], check["files"]) == (32, 11)
    assert 0 < check["worst"] < check["limit"]
    assert said["current"] == said["release"]
    assert said["previous"] is None
    assert (device / "current").resolve() == device / "releases" / said["release"]
    assert Path(os.readlink(device / "current")) == Path("releases", said["release"])  # movable
    done = cli("classify", device / "current", device / "current/golden/files/01-rgb.png")
    bundle = Bundle.open(device / "current")
    assert bundle.manifest.golden.file_outputs is not None
    outputs = bundle.array(bundle.manifest.golden.file_outputs)
    assert f": {bundle.manifest.labels[outputs[0].argmax()]} " in done.stdout


def test_update_and_back_again(run: Run, packed: dict[str, Path], tmp_path: Path) -> None:
    first = installed(packed["float32"], tmp_path)
    second = installed(packed["int8"], tmp_path)
    assert (second.current, second.previous) == (second.release, first.release)
    code, out, _ = run("install", "--rollback", "--into", tmp_path)
    assert code == 0
    assert out.splitlines()[-1] == (
        f"{tmp_path}/current is {first.release}, before: {second.release}"
    )
    assert "tflite-float32 on litert" in out
    assert Bundle.open(tmp_path / "current").folder.name == first.release
    assert Bundle.open(tmp_path / "previous").folder.name == second.release
    assert roll_back(tmp_path, check=check_variant).current == second.release


def test_same_file_again_changes_nothing(packed: dict[str, Path], tmp_path: Path) -> None:
    first = installed(packed["float32"], tmp_path)
    installed(packed["int8"], tmp_path)
    before = {p: p.lstat().st_ino for p in tmp_path.rglob("*")}
    again = installed(packed["int8"], tmp_path)
    assert again.previous == first.release
    assert {p: p.lstat().st_ino for p in tmp_path.rglob("*")} == before


def test_wrong_answers_leave_the_old_model(
    run: Run, packed: dict[str, Path], wrong: Path, tmp_path: Path
) -> None:
    first = installed(packed["int8"], tmp_path)
    before = names_below(tmp_path)
    code, out, error = run("install", wrong, "--into", tmp_path, "--json")
    assert code == 1
    said = json.loads(out)
    assert (said["installed"], said["current"]) == (False, first.release)
    (check,) = said["checks"]
    assert check["worst"] > check["limit"]
    assert "fails its golden check on this device and was not made current" in error
    assert "expected at most 0.0001 of the largest golden output" in error
    assert names_below(tmp_path) == before
    code, out, error = run("install", wrong, "--into", tmp_path)
    assert code == 1
    assert out.startswith("tflite-float32 on litert")
    assert "FAILED: " in out


def test_older_models_go_and_what_is_in_use_stays(packed: dict[str, Path], tmp_path: Path) -> None:
    first = installed(packed["float32"], tmp_path)
    second = installed(packed["float16"], tmp_path, keep=3)
    third = installed(packed["int8"], tmp_path, keep=3)
    assert releases(tmp_path) == {first.release, second.release, third.release}
    (tmp_path / "releases" / "notes").mkdir()  # not ours
    roll_back(tmp_path, check=check_variant)  # second is current, third is previous
    again = installed(packed["float16"], tmp_path)
    assert again.removed == (first.release,)
    assert releases(tmp_path) == {second.release, third.release, "notes"}


def test_damaged_release_is_replaced_without_taking_it_away(
    packed: dict[str, Path], tmp_path: Path
) -> None:
    first = installed(packed["float32"], tmp_path)
    damaged = installed(packed["int8"], tmp_path)
    model = tmp_path / "current/variants/tflite-int8/model.tflite"
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    repaired = installed(packed["int8"], tmp_path)
    assert repaired.current == f"{damaged.release}-2"
    assert repaired.previous == first.release  # not the damage
    Bundle.open(tmp_path / "current").check_all()
    assert releases(tmp_path) == {f"{damaged.release}-2", first.release}


def test_no_going_back_to_what_is_not_whole(
    run: Run, packed: dict[str, Path], tmp_path: Path
) -> None:
    def back() -> str:
        code, out, error = run("install", "--rollback", "--into", tmp_path)
        assert (code, out) == (1, "")
        return error

    assert "expected a folder that `edgeproof install` made" in back()
    assert list(tmp_path.iterdir()) == []
    installed(packed["float32"], tmp_path)
    assert "expected an earlier model" in back()
    second = installed(packed["int8"], tmp_path)
    (tmp_path / "previous/golden/inputs.npy").write_bytes(b"")
    assert "inputs.npy was altered" in back()
    shutil.rmtree((tmp_path / "previous").resolve())
    assert "expected an earlier model" in back()
    assert Bundle.open(tmp_path / "current").folder.name == second.release


def test_board_whose_current_model_was_removed_gets_a_new_one(
    packed: dict[str, Path], tmp_path: Path
) -> None:
    installed(packed["float32"], tmp_path)
    shutil.rmtree((tmp_path / "current").resolve())
    second = installed(packed["int8"], tmp_path)
    assert (second.current, second.previous) == (second.release, None)


def test_leftovers_are_cleared_away(packed: dict[str, Path], tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    installed(packed["int8"], clean)
    left = tmp_path / "left"
    for folder in (".incoming/golden", ".removed/deep"):
        (left / "releases" / folder).mkdir(parents=True)
    (left / "releases/.incoming/golden/inputs.npy").write_text("half")
    (left / ".link").symlink_to("releases/nowhere")
    installed(packed["int8"], left)
    assert names_below(left) == names_below(clean)


def test_one_installation_at_a_time(run: Run, packed: dict[str, Path], tmp_path: Path) -> None:
    first = installed(packed["float32"], tmp_path)
    with Releases.locked(tmp_path):
        code, _, error = run("install", packed["int8"], "--into", tmp_path)
        assert code == 1
        assert "expected to be the only installation into" in error
        with pytest.raises(InstallationRuns):
            roll_back(tmp_path)
    assert installed(packed["int8"], tmp_path).previous == first.release


@pytest.mark.parametrize("name", ["current", "previous"])
def test_something_else_under_a_needed_name_is_left_alone(
    packed: dict[str, Path], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="to be a link into releases/"):
        installed(packed["int8"], tmp_path)
    assert (tmp_path / name / "mine.txt").read_text() == "mine"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / name).symlink_to("/usr/lib")
    with pytest.raises(OutputError, match="to be a link into releases/"):
        installed(packed["int8"], elsewhere)


def test_file_of_the_right_name_that_is_no_release(packed: dict[str, Path], tmp_path: Path) -> None:
    done = installed(packed["int8"], tmp_path / "other")
    (tmp_path / "device/releases").mkdir(parents=True)
    (tmp_path / "device/releases" / done.release).write_text("in the way")
    assert installed(packed["int8"], tmp_path / "device").current == f"{done.release}-2"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "expected a FILE to install, or --rollback without one"),
        (["x.tar.gz", "--rollback"], 2, "expected a FILE to install, or --rollback without one"),
        (["missing.tar.gz"], 1, "expected a packed bundle, got missing.tar.gz, which is no file"),
        (["x.tar.gz", "--keep", "1"], 2, "1 is not in the range"),
    ],
)
def test_wrong_usage(
    run: Run, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    found, out, error = run("install", "--into", tmp_path / "device", *arguments)
    assert (found, out) == (code, "")
    assert message in error
    assert list(tmp_path.iterdir()) == []


def test_link_is_followed_once(packed: dict[str, Path], tmp_path: Path) -> None:
    # an update between opening and reading must not give one model's manifest another's files
    installed(packed["float32"], tmp_path)
    opened = Bundle.open(tmp_path / "current")
    installed(packed["int8"], tmp_path)
    opened.check_all()


def test_nothing_to_compare_with_is_no_success(bundle_copy: Path) -> None:
    (bundle_copy / "golden/inputs.npy").unlink()
    with pytest.raises(CheckImpossible, match=r"expected .*inputs\.npy, got no such"):
        check_variant_apart(Bundle.open(bundle_copy), "tflite-int8", "auto")


@pytest.mark.parametrize(
    ("program", "failure"),
    [
        ("kill -SEGV $$", "expected the runtime to answer, got its process ended by SIGSEGV"),
        ("echo 'Memory\x1bError' >&2; exit 3", r"got exit code 3: Memory\x1bError"),
        ("exec sleep 60", "expected an answer within 0.5 s, got none"),
    ],
)
def test_model_that_takes_its_process_along_fails_the_check(
    digits_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    failure: str,
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    found = check_variant_apart(Bundle.open(digits_bundle), "tflite-int8", "auto", timeout_s=0.5)
    assert not found
    assert found.failure is not None
    assert failure in found.failure


def test_every_variant_must_pass(digits_bundle: Path, tmp_path: Path) -> None:
    from edgeproof.edge.deploy.pack import pack

    file = tmp_path / "two.tar.gz"
    pack(Bundle.open(digits_bundle), file, variants=["tflite-int8", "tflite-float32"])

    def check(bundle: Bundle, variant_id: str, runtime: str) -> DeviceCheck:
        good = variant_id == "tflite-float32"
        failure = None if good else "wrong here"
        return DeviceCheck(variant_id, "litert", "0", good, 1, 1, 0.5, 0.1, "", failure)

    with file.open("rb") as stream:
        done = install(stream, tmp_path / "device", check=check)
    assert not done
    assert done.error is not None
    assert "tflite-int8: wrong here; pack it with --variants tflite-float32" in done.error
    assert not (tmp_path / "device/current").exists()


def test_bundle_without_a_tflite_variant_is_refused(bundle_copy: Path, tmp_path: Path) -> None:
    from .conftest import archived

    document = json.loads((bundle_copy / "bundle.json").read_bytes())
    document["variants"] = [v for v in document["variants"] if v["id"] == "tfjs-float32"]
    manifest = json.dumps(document).encode()
    (bundle_copy / "bundle.json").write_bytes(manifest)
    bundle = Bundle.open(bundle_copy)
    kept = [(e.path, bundle.read(e)) for e in bundle.manifest.all_files()]
    stream = archived([("bundle.json", manifest), *kept])
    with pytest.raises(BundleError, match="expected a TFLite variant in the packed bundle"):
        install(stream, tmp_path / "device", check=check_variant)
