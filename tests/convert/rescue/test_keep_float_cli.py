"""`edgeproof convert --keep-float` as a user meets it, and what the other commands make of it."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest

from edgeproof.convert.api import convert_model
from edgeproof.convert.inspect.find import inspect_path
from edgeproof.convert.options import ConvertOptions
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.main import main
from edgeproof.edge.runtime import available_runtimes
from tests.convert.rescue.outliers import PLACES, run_with_outliers

Cli = Callable[..., CompletedProcess[str]]
VARIANTS = "tflite-float32,tflite-int8"
PLACE = "re_lu_1"
KEYS = {
    "variant", "layers", "of_layers", "chosen_on", "measured_on", "gates", "bytes_before",
    "bytes_after", "median_ms_before", "median_ms_after", "tried", "sensitivities",
    "quantisations", "evaluations", "seconds",
}  # fmt: skip


class Rescued(NamedTuple):
    run: Path
    bundle: Path
    document: dict[str, Any]
    stderr: str


@pytest.fixture(scope="module")
def rescued(digits_run: Path, tmp_path_factory: pytest.TempPathFactory, cli: Cli) -> Rescued:
    folder = tmp_path_factory.mktemp("rescued")
    run = run_with_outliers(digits_run, folder / "run", [PLACE])
    asked = ("--keep-float", "auto", "--gate", "accuracy-drop=2", "--json")
    done = cli("convert", run, "-o", folder / "bundle", "--variants", VARIANTS, *asked)
    assert done.returncode == 0, done.stderr
    return Rescued(run, folder / "bundle", json.loads(done.stdout), done.stderr)


def test_the_document_says_what_was_kept_tried_and_paid(rescued: Rescued) -> None:
    (found,) = rescued.document["kept_float"]

    assert set(found) == KEYS
    assert [row["layer"] for row in found["layers"]] == list(PLACES[PLACE])
    gates = {row["gate"]: row for row in found["gates"]}
    assert set(gates) == {"accuracy-drop", "agreement", "confidence-drift", "noise"}
    drop = gates["accuracy-drop"]
    assert drop["limit"] == 2
    assert drop["before"] > 50
    assert drop["after"] <= 2
    assert gates["agreement"]["after"] > 0.95 > gates["agreement"]["before"]
    sizes = {v["id"]: v["bytes"] for v in rescued.document["variants"]}
    assert found["bytes_before"] < found["bytes_after"] == sizes["tflite-int8"]
    assert found["median_ms_before"] > 0
    assert found["median_ms_after"] > 0
    # the layers at the outlier are the most sensitive by far, the ranking and the tries are whole
    ranking = found["sensitivities"]
    assert {row["layer"] for row in ranking[:2]} == set(PLACES[PLACE])
    assert ranking[1]["snr_db"] + 20 < ranking[2]["snr_db"]
    assert len(ranking) == found["of_layers"] == 9
    tried = {tuple(row["layers"]): row["holds"] for row in found["tried"]}
    assert tried[()] is False
    assert tried[PLACES[PLACE]] is True
    assert not any(tried.get((layer,), False) for layer in PLACES[PLACE])
    assert found["quantisations"] >= len(ranking) + len(tried)
    assert found["evaluations"] == len(tried) + 2  # before and after on the other half
    # progress
    assert "  tflite-int8: re_lu alone in integers (1 of 9)" in rescued.stderr.splitlines()
    assert "  tflite-int8 with re_lu_1, re_lu_2 in float: holds" in rescued.stderr.splitlines()


def test_verification_agrees_and_says_it(rescued: Rescued, cli: Cli, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    convert_model(rescued.run, plain, options=ConvertOptions(variants=VARIANTS))
    runtimes = "litert,tflite-runtime" if "tflite-runtime" in available_runtimes() else "litert"
    gate = ("--gate", "accuracy-drop=0.5")

    broken = cli("verify", plain, "--runtimes", "litert", "--limit", "60", *gate)
    held = cli("verify", rescued.bundle, "--runtimes", runtimes, *gate)

    assert broken.returncode == 1
    assert "tflite-int8 on litert: gate accuracy-drop broke" in broken.stderr
    assert held.returncode == 0, held.stderr
    report = json.loads((rescued.bundle / "report.json").read_bytes())
    said = [sentence for sentence in report["references"] if "in float" in sentence]
    assert len(said) == 1
    assert said[0].startswith("tflite-int8 keeps ")
    # measured on images that chose nothing
    (found,) = rescued.document["kept_float"]
    assert found["chosen_on"] in said[0]
    assert f"the other {report['data']['images']} of" in found["measured_on"]
    accuracy = {row["variant"]: row["cost"]["accuracy"]["n"] for row in report["rows"][1:]}
    assert accuracy["tflite-int8"] in (report["data"]["images"], 96)  # reference kernels: 96


def test_the_manifest_and_inspect_name_the_layers(rescued: Rescued, tmp_path: Path) -> None:
    bundle = Bundle.open(rescued.bundle)
    bundle.check_all()
    (kept,) = bundle.manifest.provenance.kept_float
    assert kept.variant == "tflite-int8"
    assert {"conv2d_1", "batch_normalization_1", *PLACES[PLACE]} <= set(kept.layers)
    notes = {Path(part.path).parent.name: part.notes for part in inspect_path(rescued.bundle).parts}
    assert notes == {"tflite-float32": (), "tflite-int8": (kept.sentence,)}
    # a bundle that was written before there was anything to keep
    document = json.loads((rescued.bundle / "bundle.json").read_bytes())
    del document["provenance"]["kept_float"]
    (tmp_path / "bundle.json").write_text(json.dumps(document))
    assert Bundle.open(tmp_path).manifest.provenance.kept_float == ()


def converted(run: Path, bundle: Path, *asked: str) -> int:
    """The command's exit code, without the seconds that a process of its own takes to start."""
    place = ["convert", str(run), "-o", str(bundle), "--variants", "tflite-int8"]
    return main([*place, "--keep-float", *asked])


def test_the_table(rescued: Rescued, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert converted(rescued.run, tmp_path / "b", "conv2d_1,re_lu_2") == 0

    lines = capsys.readouterr().out.splitlines()
    assert "tflite-int8 keeps 2 of 9 layers in float:" in lines
    assert "  re_lu_1 (with conv2d_1, batch_normalization_1)" in lines
    (drop,) = (line.split() for line in lines if line.startswith("accuracy-drop"))
    assert drop[:3] == ["accuracy-drop", "at", "most"]
    assert drop[5] == "breaks"
    assert "Gates measured on 359 held-out images." in lines


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        (["auto", "--gate", "agreement=1.5"], 1, "tflite-int8 cannot meet its gates"),
        (["relu_1"], 2, "got 'relu_1'; did you mean re_lu_1?"),
    ],
)
def test_what_cannot_be_done_leaves_nothing_behind(
    rescued: Rescued,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    asked: list[str],
    code: int,
    message: str,
) -> None:
    assert converted(rescued.run, tmp_path / "b", *asked) == code

    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert list(tmp_path.iterdir()) == []
