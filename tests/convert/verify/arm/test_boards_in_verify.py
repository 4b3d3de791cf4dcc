"""What verification makes of a board: left out, failed, or run in the emulator and nowhere else."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeproof.convert.verify.arm.boards import BOARDS, Board
from edgeproof.convert.verify.arm.prepared import board_command, why_not_prepared
from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.isolation import WORKER, IsolatedRunning, worker_command
from edgeproof.convert.verify.plan import planned
from edgeproof.convert.verify.runtimes import registry
from edgeproof.convert.verify.runtimes.tflite import TfliteRunning
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import RuntimeUnavailable

VARIANTS = ("tflite-float32", "tflite-int8")


def test_a_board_that_is_not_prepared_is_left_out_and_the_report_says_how_to_prepare_it(
    board: Board, digits_bundle: Path
) -> None:
    plan = planned(Bundle.open(digits_bundle), None)
    states = {state.name: state for state in plan.left_out}
    for name in BOARDS:
        assert states[name].state == "unavailable"
        assert states[name].reason == "not prepared: edgeproof verify --prepare-arm"


def test_a_board_asked_for_by_name_that_is_not_prepared(board: Board, digits_bundle: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match="cannot run here: not prepared"):
        planned(Bundle.open(digits_bundle), ["litert-arm64"])


def test_a_broken_root_is_failed_rows_and_the_others_go_on(
    root: Path, bundle_copy: Path, cli: Callable[..., Any]
) -> None:
    (root / "root" / "python").unlink()
    done = cli("verify", bundle_copy, "--runtimes", "litert,litert-arm64", "--limit", "20")
    assert done.returncode == 1
    rows = json.loads((bundle_copy / "report.json").read_bytes())["rows"]
    on_board = [row for row in rows if row["runtime"] == "litert-arm64"]
    assert len(on_board) == 5
    assert all("files of" in row["failure"] and not row["passed"] for row in on_board)
    assert all(row["passed"] for row in rows if row["runtime"] == "litert")


def test_no_other_runtime_stands_in_for_a_board(board: Board, digits_bundle: Path) -> None:
    bundle = Bundle.open(digits_bundle)
    with pytest.raises(RuntimeFailed, match="expected a whole root"):
        registry.start(board.runtime, bundle)
    with pytest.raises(KeyError):
        TfliteRunning(bundle, board.runtime).open("tflite-float32")


def test_a_board_runs_this_installations_files_in_its_emulator(board: Board, root: Path) -> None:
    assert worker_command("litert") == WORKER
    command = worker_command(board.runtime)
    assert str(root / "qemu-aarch64") in command
    assert Path(command[-1]).read_text().startswith('"""The measuring child on an emulated board')
    environment = [part for part in command if part.startswith("PYTHON")]
    # a folder that is not below the root would be this machine's, made for another processor
    assert all(
        path.startswith(str(root))
        for setting in environment
        for path in setting.partition("=")[2].split(":")
        if path
    )


@pytest.mark.parametrize("name", list(BOARDS))
def test_answers_of_a_real_board(name: str, digits_bundle: Path) -> None:
    """The same protocol, whole files included, and a version that names what answered."""
    reason = why_not_prepared(BOARDS[name])
    if reason is not None:
        pytest.skip(reason)
    bundle = Bundle.open(digits_bundle)
    golden = bundle.manifest.golden
    (images,) = (bundle.array(entry) for entry in golden.inputs)
    assert golden.file_images is not None
    with IsolatedRunning(name, bundle) as running:
        for variant in VARIANTS:
            session = running.open(variant)
            assert f"on {BOARDS[name].machine} (qemu" in session.version
            (found,) = session.run([images]).values()
            local = registry.start("litert", bundle).open(variant)
            (expected,) = local.run([images]).values()
            assert found.dtype == expected.dtype
            assert found.shape == expected.shape
            assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()
            image, _ = session.run_file(golden.files[0].file.path)
            assert (image == bundle.array(golden.file_images)[0]).all()
            session.close()
        with pytest.raises(RuntimeFailed):
            running.open("tflite-float33")


@pytest.mark.parametrize("name", list(BOARDS))
def test_classify_itself_on_a_real_board(name: str, digits_bundle: Path) -> None:
    """The command that a Raspberry Pi runs, with the NumPy, Pillow and runtime that it has."""
    board = BOARDS[name]
    reason = why_not_prepared(board)
    if reason is not None:
        pytest.skip(reason)
    bundle = Bundle.open(digits_bundle)
    golden = bundle.manifest.golden
    assert golden.file_outputs is not None
    labels = [bundle.manifest.labels[i] for i in bundle.array(golden.file_outputs).argmax(axis=1)]
    files = [str(digits_bundle / entry.file.path) for entry in golden.files]
    options = ["--variant", "tflite-int8", "--runtime", board.library, "--json"]
    command = [*board_command(board), name, "--command", "edgeproof.edge.cli:classify"]
    done = subprocess.run(
        [*command, str(digits_bundle), *files, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["label"] for line in done.stdout.splitlines()] == labels
