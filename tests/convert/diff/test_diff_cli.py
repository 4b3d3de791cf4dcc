"""`edgeproof diff` as a user meets it."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from edgeproof.convert.diff.cli import diff
from edgeproof.convert.diff.errors import DiffError
from edgeproof.edge.errors import BundleError, EdgeproofError, OutputError, UsageError
from tests.convert.diff.faults import with_wrong_tflite_weights

Cli = Callable[..., subprocess.CompletedProcess[str]]
KEYS = {"bundle", "variant", "precision", "inputs", "first", "layers", "unmatched"}
LAYER_KEYS = {
    "layer", "kind", "covers", "tensor", "reads", "snr_db", "own_db", "limit_db", "falls_off",
}  # fmt: skip


def refused(*arguments: str | Path) -> EdgeproofError:
    result = CliRunner().invoke(diff, [str(a) for a in arguments])
    assert isinstance(result.exception, EdgeproofError), result.output
    return result.exception


def break_dense(bundle: Path, variant: str) -> None:
    """Turn a weight of the first dense layer, and write the manifest as if it belonged."""
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    (entry,) = next(v["files"] for v in manifest["variants"] if v["id"] == variant)
    content = with_wrong_tflite_weights((bundle / entry["path"]).read_bytes(), (20, 240), 8)
    (bundle / entry["path"]).write_bytes(content)
    entry |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (bundle / "bundle.json").write_text(json.dumps(manifest))


def test_an_intact_variant_is_exit_0_with_a_picture(
    tiny_bundle: Path, tmp_path: Path, cli: Cli
) -> None:
    done = cli("diff", tiny_bundle, "tflite-int8", "-n", "5", "--plot", tmp_path / "d.png")

    assert done.returncode == 0, done.stderr
    assert "No layer falls off (6 layers on 5 inputs)." in done.stdout
    assert done.stderr == ""
    with Image.open(tmp_path / "d.png") as picture:
        assert picture.format == "PNG"


def test_wrong_weights_are_exit_1_and_named(
    tiny_bundle: Path, tiny_run: Path, tmp_path: Path, cli: Cli
) -> None:
    bundle = tmp_path / "tiny"
    shutil.copytree(tiny_bundle, bundle)
    break_dense(bundle, "tflite-float32")

    done = cli("diff", bundle, "tflite-float32", "--source", tiny_run, "--json")

    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == KEYS
    assert all(set(row) == LAYER_KEYS for row in document["layers"])
    fallen = [row["layer"] for row in document["layers"] if row["falls_off"]]
    # what comes after is wrong through its inputs only
    assert fallen == [document["first"]]
    assert document["first"].startswith("dense")
    last = document["layers"][-1]
    assert last["snr_db"] < 60
    assert last["own_db"] > 100


def test_what_is_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    error = refused(tiny_bundle, "tflite-int")
    assert isinstance(error, UsageError)
    assert "did you mean tflite-int8?" in str(error)
    error = refused(tiny_bundle, "tfjs-layers-float32")
    assert isinstance(error, DiffError)
    assert "compare one of tfjs-float32" in str(error)
    error = refused(tiny_bundle, "tflite-int8", "--plot", tmp_path / "none" / "d.png")
    assert isinstance(error, OutputError)
    error = refused(tiny_bundle, "tflite-int8", "--source", tmp_path / "moved.keras")
    assert isinstance(error, DiffError)
    assert "name it with --source MODEL" in str(error)
    assert isinstance(refused(tmp_path, "tflite-int8"), BundleError)


@pytest.mark.parametrize(
    ("name", "content", "kind", "said"),
    [
        ("a.tflite", b"\0\0\0\0TFL3" + b"\x07" * 64, BundleError, "refuses the model"),
        ("a.tflite", b"", DiffError, "expected a .tflite file or the model.json"),
        ("model.json", b'{"weightsManifest": 3}', DiffError, "expected a .tflite file or the"),
        (
            "model.json",
            b'{"weightsManifest": [{"paths": ["gone.bin"], "weights": []}]}',
            DiffError,
            r"expected gone.bin beside",
        ),
    ],
)
def test_files_that_are_no_model(
    tiny_bundle: Path, tmp_path: Path, name: str, content: bytes, kind: type, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    error = refused(tiny_bundle, tmp_path / name)
    assert isinstance(error, kind)
    assert said in str(error)
