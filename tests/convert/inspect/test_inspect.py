"""`edgeproof inspect` on every kind of file: what it says is true, and errors say what to do."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import h5py
import keras
import numpy as np
import pytest

from edgeproof.convert.inspect.find import inspect_path
from edgeproof.convert.inspect.inspection import InspectError, Inspection

Cli = Callable[..., CompletedProcess[str]]
# the tiny model, worked out by hand for 12 x 10 pixels: a 3 x 3 convolution to 8 channels, a
# depthwise one of stride 2, dense layers of 240 to 20 and 20 to 5
MACS = 12 * 10 * 8 * 27 + 6 * 5 * 8 * 9 + 240 * 20 + 20 * 5


def counts(found: Inspection) -> dict[str, int]:
    return {row.name: row.count for row in found.operations}


def test_keras(tiny_keras: Path, tiny_model: keras.Model) -> None:
    found = inspect_path(tiny_keras)

    assert (found.kind, found.bytes) == ("keras", tiny_keras.stat().st_size)
    assert [(t.name, t.dtype, t.shape) for t in found.inputs] == [
        ("image", "float32", (None, 12, 10, 3))
    ]
    assert [(t.name, t.shape) for t in found.outputs] == [("scores", (None, 5))]
    assert found.parameters == tiny_model.count_params()
    assert found.macs == MACS
    costs = {row.name: (row.count, row.macs) for row in found.operations}
    assert costs["Dense"] == (2, 240 * 20 + 20 * 5)
    assert costs["BatchNormalization"] == (2, 0)
    assert found.notes == ()


def test_hdf5_says_what_the_archive_says(
    tiny_keras: Path, tiny_model: keras.Model, tmp_path: Path
) -> None:
    tiny_model.save(tmp_path / "m.h5")

    found, archive = inspect_path(tmp_path / "m.h5"), inspect_path(tiny_keras)

    assert found.kind == "hdf5"
    assert found.parameters == archive.parameters
    assert found.operations == archive.operations
    assert found.inputs == archive.inputs


def test_saved_model(tiny_model: keras.Model, tmp_path: Path) -> None:
    tiny_model.export(tmp_path / "saved", verbose=False)

    found = inspect_path(tmp_path / "saved")

    assert found.kind == "saved-model"
    assert found.bytes == sum(p.stat().st_size for p in (tmp_path / "saved").rglob("*.*"))
    assert [(t.dtype, t.shape) for t in found.inputs] == [("float32", (None, 12, 10, 3))]
    assert [t.shape for t in found.outputs] == [(None, 5)]
    assert found.macs == MACS
    assert counts(found)["Conv2D"] == 1
    # besides the parameters, constants such as the batch norms' epsilon
    assert 0 <= found.parameters - tiny_model.count_params() < 20


def test_damaged_saved_model(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"no model at all")
    with pytest.raises(InspectError, match="cannot be read as a SavedModel"):
        inspect_path(tmp_path)


def test_every_variant_of_a_bundle(tiny_bundle: Path) -> None:
    found = inspect_path(tiny_bundle)

    assert found.kind == "bundle"
    assert len(found.parts) == 9
    for part in found.parts:
        assert part.kind in ("tflite", "tfjs-graph", "tfjs-layers")
        if part.kind != "tfjs-layers":
            assert part.macs == MACS, part.path
            assert [t.shape[1:] for t in part.inputs] == [(12, 10, 3)]
        assert part.parameters > 5_000
    sizes = [sum(w.bytes for w in part.weights) for part in found.parts]
    assert all(0 < size < part.bytes for size, part in zip(sizes, found.parts, strict=True))


def test_quantisation_is_shown(tiny_bundle: Path) -> None:
    integers = inspect_path(tiny_bundle / "variants/tflite-int8/model.tflite")
    floats = inspect_path(tiny_bundle / "variants/tflite-float32/model.tflite")

    assert counts(floats)["CONV_2D"] == counts(integers)["CONV_2D"] == 1
    (source,), (scores,) = integers.inputs, integers.outputs
    assert source.dtype == "int8"
    assert source.scale is not None
    assert (scores.scale, scores.zero_point) == (1 / 256, -128)
    kernel = max(integers.weights, key=lambda weight: weight.bytes)
    assert (kernel.dtype, kernel.shape, kernel.bytes) == ("int8", (20, 240), 4800)
    assert kernel.scales in (1, 20)
    assert "dense" in kernel.layer
    assert all(weight.scales == 0 for weight in floats.weights)


def test_run(tiny_run: Path) -> None:
    found = inspect_path(tiny_run)

    assert found.kind == "run"
    assert [part.kind for part in found.parts] == ["keras"]


def test_stored_code_is_not_run(tmp_path: Path) -> None:
    layers = [keras.Input((4,)), keras.layers.Lambda(lambda x: x + 1), keras.layers.Dense(3)]
    keras.Sequential(layers).save(tmp_path / "m.keras")

    found = inspect_path(tmp_path / "m.keras")

    assert counts(found) == {"Lambda": 1, "Dense": 1}
    assert (found.parameters, found.macs) == (15, None)
    assert "not run" in found.notes[0]


def test_json_and_table(cli: Cli, tiny_bundle: Path) -> None:
    path = tiny_bundle / "variants/tflite-int8/model.tflite"
    done, shown = cli("inspect", path, "--json"), cli("inspect", path, "--top", "1")

    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert set(document) == {
        *("path", "kind", "bytes", "inputs", "outputs", "operations"),
        *("parameters", "macs", "weights", "notes", "parts"),
    }
    assert document["macs"] == MACS
    assert shown.returncode == 0
    assert f"{MACS:,} multiply-accumulates" in shown.stdout
    assert "largest 1 of " in shown.stdout
    assert "4,800" in shown.stdout
    assert "a scale per channel" in shown.stdout


def _damaged(bundle: Path, folder: Path) -> dict[str, Path]:
    whole = (bundle / "variants/tflite-float32/model.tflite").read_bytes()
    (folder / "cut.tflite").write_bytes(whole[:300])
    (folder / "text.tflite").write_text("no model at all")
    (folder / "list.json").write_text("[1]")
    (folder / "text.keras").write_text("no zip")
    with zipfile.ZipFile(folder / "empty.keras", "w") as archive:
        archive.writestr("metadata.json", "{}")
    with h5py.File(folder / "weights.h5", "w") as file:
        file["w"] = np.zeros(3)
    shutil.copytree(bundle / "variants/tfjs-float32", folder / "tfjs")
    next((folder / "tfjs").glob("*.bin")).unlink()
    (folder / "nothing").mkdir()
    (folder / "a.txt").write_text("a")
    return {p.name: p for p in folder.iterdir()}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cut.tflite", "which is damaged"),
        ("text.tflite", "expected a TensorFlow Lite file"),
        ("list.json", r"expected a TF.js model.json"),
        ("text.keras", r"expected a .keras archive"),
        ("empty.keras", r"expected a .keras archive"),
        ("weights.h5", "which holds weights only; save it with"),
        ("tfjs", "expected the weight file"),
        ("nothing", "which holds none"),
        ("a.txt", r"expected a .keras, .h5"),
    ],
)
def test_bad_files(tiny_bundle: Path, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(InspectError, match=message):
        inspect_path(_damaged(tiny_bundle, tmp_path)[name])


def test_exit_codes(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_text("no model at all")

    missing, damaged = cli("inspect", tmp_path / "none"), cli("inspect", tmp_path / "m.tflite")
    wrong = cli("inspect", tmp_path, "--top", "0")

    assert (missing.returncode, damaged.returncode, wrong.returncode) == (1, 1, 2)
    assert "which does not exist" in missing.stderr
    assert missing.stdout == damaged.stdout == ""
