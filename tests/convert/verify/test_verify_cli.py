"""`edgeproof verify` as a user meets it."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgeproof.convert.verify.cli import verify
from edgeproof.edge.errors import (
    BundleError,
    EdgeproofError,
    OutputError,
    RuntimeUnavailable,
    UsageError,
)

Cli = Callable[..., subprocess.CompletedProcess[str]]
KEYS = {
    "schema_version", "passed", "bundle", "created", "environment", "runtimes", "references",
    "data", "rows", "broken", "gates", "wall_s", "examples", "layers",
}  # fmt: skip
ROW_KEYS = {
    "variant", "runtime", "version", "reference", "faithful", "passed", "worst_error", "cost",
    "bytes", "p50_ms", "p95_ms", "load_ms", "checks", "failure", "errors",
}  # fmt: skip


def refused(*arguments: str | Path) -> EdgeproofError:
    """The error of a command that is refused before any runtime starts."""
    result = CliRunner().invoke(verify, [str(a) for a in arguments])
    assert isinstance(result.exception, EdgeproofError), result.output
    return result.exception


def test_json_is_the_report_and_the_report_lies_in_the_bundle(bundle_copy: Path, cli: Cli) -> None:
    done = cli("verify", bundle_copy, "--runtimes", "litert", "--limit", "40", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == KEYS
    assert all(set(row) == ROW_KEYS for row in document["rows"])
    assert document["passed"] is True
    assert document["data"]["images"] == 40
    assert json.loads((bundle_copy / "report.json").read_bytes()) == document
    assert (bundle_copy / "report.html").is_file()
    states = {state["name"]: state["state"] for state in document["runtimes"]}
    assert states["litert"] == "ran"
    # what judges the quantised variants runs although nobody asked for it
    assert states["litert-reference"] == "ran"
    assert states["tfjs-wasm"] == "not asked for"
    assert document["layers"]["reason"] == "the Keras model was not run: not asked for"
    assert {found["variant"] for found in document["examples"]} >= {"tflite-int8"}


def test_a_broken_gate_is_exit_1_and_says_everything(bundle_copy: Path, cli: Cli) -> None:
    done = cli(
        *("verify", bundle_copy, "--runtimes", "litert", "--limit", "20"),
        *("--gate", "relative=1e-12", "--no-layers"),
    )
    assert done.returncode == 1
    assert "tflite-float32 on litert: gate relative broke" in done.stderr
    assert "expected at most 1e-12 of the largest reference output, got " in done.stderr
    header = done.stdout.splitlines()[0].split("  ")
    assert [cell.strip() for cell in header if cell.strip()] == [
        "variant", "runtime", "faithful?", "worst error", "top-1", "accuracy", "change", "size",
        "p50 ms",
    ]  # fmt: skip
    document = json.loads((bundle_copy / "report.json").read_bytes())
    assert document["passed"] is False
    assert document["layers"]["reason"] == "not asked for"


def test_the_limit_that_a_broken_gate_names_lets_it_pass(bundle_copy: Path, cli: Cli) -> None:
    asked = ("verify", bundle_copy, "--runtimes", "litert", "--limit", "20")
    strict = ("--gate", "noise:int8=1e-6")
    done = cli(*asked, *strict)
    assert done.returncode == 1
    named = set(re.findall(r"would pass with --gate (noise:int8=\S+)", done.stderr))
    assert len(named) == 1, done.stderr
    assert cli(*asked, *strict, "--gate", named.pop()).returncode == 0
    report = json.loads((bundle_copy / "report.json").read_bytes())
    assert all(c["smallest_tolerance"] is not None for r in report["rows"] for c in r["checks"])


def test_the_limits_are_listed_without_a_bundle(cli: Cli) -> None:
    done = cli("verify", "--gates")
    assert done.returncode == 0
    assert "accuracy-drop: at most, percentage points" in done.stdout


def test_an_altered_file_is_named_with_both_hashes(bundle_copy: Path, cli: Cli) -> None:
    model = bundle_copy / "variants" / "tflite-float32" / "model.tflite"
    content = bytearray(model.read_bytes())
    content[-1] ^= 1
    model.write_bytes(content)
    done = cli("verify", bundle_copy, "--runtimes", "litert")
    assert done.returncode == 1
    assert "model.tflite was altered: expected SHA-256" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (bundle_copy / "report.json").exists()


def test_an_unknown_runtime(digits_bundle: Path) -> None:
    error = refused(digits_bundle, "--runtimes", "litert,tfjs-wsam")
    assert isinstance(error, UsageError)
    assert "got 'tfjs-wsam'; did you mean tfjs-wasm?" in str(error)


def test_a_runtime_asked_for_by_name_that_cannot_run(
    digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    error = refused(digits_bundle, "--runtimes", "tfjs-wasm")
    assert isinstance(error, RuntimeUnavailable)
    assert "tfjs-wasm cannot run here: expected a browser at CHROMIUM=/nowhere/chromium" in str(
        error
    )


def test_a_source_that_is_another_model(digits_bundle: Path, tmp_path: Path) -> None:
    error = refused(digits_bundle, "--source", tmp_path / "run")
    assert error.exit_code == 1
    assert "--source cannot be the model of" in str(error)


def test_an_unknown_gate(digits_bundle: Path) -> None:
    assert "did you mean confidence-drift" in str(
        refused(digits_bundle, "--gate", "confidence-drft=1")
    )


def test_no_bundle(tmp_path: Path) -> None:
    assert isinstance(refused(tmp_path), BundleError)


def test_a_bundle_that_cannot_be_written(
    digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the answer of the system is given here, because root may write everywhere
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    error = refused(digits_bundle, "--runtimes", "litert")
    assert isinstance(error, OutputError)
    assert "expected a writable folder for report.json" in str(error)


def test_a_report_that_cannot_be_written_is_not_lost(bundle_copy: Path, cli: Cli) -> None:
    (bundle_copy / "report.json").mkdir()  # root could write to anything else
    asked = ("verify", bundle_copy, "--runtimes", "litert", "--limit", "20")
    done = cli(*asked, "--json")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("edgeproof: expected to write")
    assert "Is a directory" in done.stderr
    document = json.loads(done.stdout)
    assert document["passed"] is True
    assert len(document["rows"]) == 10
    assert not list(bundle_copy.glob(".report*"))


@pytest.mark.parametrize(
    ("data", "message"),
    [("nothing", "expected a folder or an .npz file"), ("empty", "one folder for each label")],
)
def test_data_that_is_not_there(
    digits_bundle: Path, tmp_path: Path, data: str, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    error = refused(digits_bundle, "--runtimes", "litert", "--data", tmp_path / data)
    assert error.exit_code == 1
    assert message in str(error)


def test_labels_of_ones_own_are_not_held_against_the_run(
    digits_run: Path, tmp_path: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    names = tmp_path / "names.txt"
    names.write_text(
        "\n".join(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    )
    bundle = tmp_path / "named"
    options = ("--labels", names, "--variants", "tflite-float32")
    assert cli("convert", digits_run, "-o", bundle, *options).returncode == 0
    done = cli("verify", bundle, "--runtimes", "keras,litert", "--no-layers")
    assert done.returncode == 0, done.stderr
    assert "The labels come from names.txt" in done.stdout
