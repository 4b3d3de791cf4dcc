"""`edgeproof convert` as a user meets it: results, messages, exit codes, nothing half-written."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.api import convert_model
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.variants import VARIANTS, chosen_variants
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import UsageError

Cli = Callable[..., CompletedProcess[str]]


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_json_document(cli: Cli, tiny_run: Path, tmp_path: Path) -> None:
    ids = ["tflite-float32", "tflite-int8", "tfjs-float32"]

    done = cli("convert", tiny_run, "-o", tmp_path / "b", "--variants", ",".join(ids), "--json")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {
        *("bundle", "name", "task", "labels", "variants"),
        *("skipped", "golden", "calibration", "kept_float", "seconds"),
    }
    assert [v["id"] for v in document["variants"]] == ids
    assert all(set(v) == {"id", "entry", "bytes", "ratio", "seconds"} for v in document["variants"])
    assert document["variants"][0]["ratio"] == 1.0
    assert 0 < document["variants"][1]["ratio"] < 0.6
    assert document["golden"] == {"source": "test set", "inputs": 32, "files": 11}
    assert document["calibration"] == "200 of 200 images in calibration.npz"
    Bundle.open(tmp_path / "b").check_all()
    # stderr: our own words only, one line per step
    lines = done.stderr.splitlines()
    assert lines[0] == "starting TensorFlow"
    assert lines[-5:] == [*ids, "running the reference kernels", f"writing {tmp_path / 'b'}"]
    assert not any(word in done.stderr for word in ("WARNING", "cudart", "it/s", "I0000"))


def test_existing_bundle_is_untouched(cli: Cli, tiny_bundle: Path, tiny_run: Path) -> None:
    before = files_in(tiny_bundle)

    refused = cli("convert", tiny_run, "-o", tiny_bundle)
    failed = cli("convert", "missing.keras", "-o", tiny_bundle, "--force")

    assert refused.returncode == 1
    assert "which exists" in refused.stderr
    assert failed.returncode == 1
    assert "which does not exist" in failed.stderr
    assert files_in(tiny_bundle) == before


def test_failing_force_late_leaves_the_bundle(
    tiny_run: Path, tmp_path: Path, tiny_bundle: Path
) -> None:
    import shutil

    shutil.copytree(tiny_bundle, tmp_path / "b")
    np.savez(tmp_path / "bad.npz", images=np.zeros((0, 12, 10, 3), np.uint8))
    with pytest.raises(ConvertError, match="at least one calibration image"):
        convert_model(
            tiny_run,
            tmp_path / "b",
            options=ConvertOptions(calibration=tmp_path / "bad.npz"),
            force=True,
        )
    assert files_in(tmp_path / "b") == files_in(tiny_bundle)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b", "bad.npz"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--variants", "tflite-int9"], 2, "got 'tflite-int9'; did you mean tflite-int8?"),
        (["--variants", ","], 2, "expected variants"),
        (["--labels", "none.txt"], 1, "expected a labels file, got none.txt"),
        (["--calibration", "none"], 1, "got no such path: none"),
        (["--normalize", "imagenet", "--scale", "2"], 2, "got both; choose one"),
        (["--scale", "2;3"], 2, "expected numbers separated by ','"),
        (["--background", "1,2"], 2, "expected 3 numbers for --background, got 2"),
        (["--size", "axb"], 2, "expected numbers separated by 'x'"),
        (["--length", "0"], 2, "expected numbers of at least 1 or dynamic"),
        (["--gate", "noise=1"], 2, "expected --keep-float with --gate noise=1, got none"),
        (["--keep-float", " , "], 2, "expected names of layers or auto for --keep-float"),
        (
            ["--keep-float", "auto", "--gate", "steps=1"],
            2,
            "with a name out of accuracy-drop, agreement, confidence-drift, noise, got 'steps=1'",
        ),
        (
            ["--keep-float", "auto", "--variants", "tflite-float16"],
            2,
            "expected one of tflite-dynamic-int8, tflite-int8, tflite-int16x8 among --variants",
        ),
    ],
)
def test_wrong_arguments(
    cli: Cli, tiny_keras: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    done = cli("convert", tiny_keras, "-o", tmp_path / "b", *arguments)

    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    # checked before TensorFlow is imported
    assert "starting TensorFlow" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_output_folder_of_another_kind(cli: Cli, tiny_keras: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("Dear")

    done = cli("convert", tiny_keras, "-o", tmp_path / "letters", "--force")

    assert done.returncode == 1
    assert "which holds something else" in done.stderr
    assert files_in(tmp_path) == {"letters/dear.txt": b"Dear"}


def test_without_calibration_all_skips_and_by_name_fails(tiny_keras: Path, tmp_path: Path) -> None:
    manifest = convert_model(tiny_keras, tmp_path / "b")

    assert [s.id for s in manifest.skipped] == ["tflite-int8", "tflite-int16x8"]
    assert all("needs calibration images" in s.reason for s in manifest.skipped)
    assert len(manifest.variants) == len(VARIANTS) - 2
    assert manifest.golden.source == "synthetic"
    assert manifest.heldout is None
    with pytest.raises(ConvertError, match="tflite-int8 cannot be made: it needs calibration"):
        convert_model(tiny_keras, tmp_path / "c", options=ConvertOptions(variants="tflite-int8"))
    assert not (tmp_path / "c").exists()


def test_many_inputs_and_outputs_keep_the_keras_order(tmp_path: Path) -> None:
    """Output names in reverse alphabetical order: TFLite signatures sort them."""
    numbers, index = keras.Input((4,), name="z"), keras.Input((3,), dtype="int32", name="a")
    embedded = layers.Flatten()(layers.Embedding(9, 2)(index))
    joined = layers.Concatenate()([layers.Dense(5)(numbers), embedded])
    outputs = [layers.Dense(2, name="second")(joined), layers.Dense(3, name="first")(joined)]
    keras.Model([numbers, index], outputs).save(tmp_path / "m.keras")

    options = ConvertOptions(variants="tflite-float32,tfjs-float32")
    manifest = convert_model(tmp_path / "m.keras", tmp_path / "b", options=options)

    assert (manifest.task, manifest.input) == ("other", None)
    for variant in manifest.variants:
        assert [t.shape[1:] for t in variant.inputs] == [(4,), (3,)]
        assert [t.shape[1:] for t in variant.outputs] == [(2,), (3,)]
    bundle = Bundle.open(tmp_path / "b")
    assert [bundle.array(e).dtype.name for e in manifest.golden.inputs] == ["float32", "int32"]
    assert [bundle.array(e).shape for e in manifest.golden.outputs] == [(32, 2), (32, 3)]


def test_free_image_size_needs_a_size(tmp_path: Path) -> None:
    inputs = keras.Input((None, None, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(inputs))
    keras.Model(inputs, layers.Dense(1, "sigmoid")(x)).save(tmp_path / "m.keras")

    with pytest.raises(ConvertError, match="choose one with --size HEIGHTxWIDTH"):
        convert_model(tmp_path / "m.keras", tmp_path / "b")
    options = ConvertOptions(size=(20, 30), variants="tflite-float32")
    manifest = convert_model(tmp_path / "m.keras", tmp_path / "b", options=options)

    assert manifest.input is not None
    assert manifest.input.image_shape == (20, 30, 3)
    assert len(manifest.labels) == 2


def test_free_length_needs_a_length(tmp_path: Path) -> None:
    steps = keras.Input((None, 3), name="steps")
    keras.Model(steps, layers.Dense(2)(layers.LSTM(4)(steps))).save(tmp_path / "m.keras")
    np.savez(tmp_path / "c.npz", steps=np.random.default_rng(0).normal(size=(8, 5, 3)))

    with pytest.raises(ConvertError, match=r"takes any: steps \(any x 3\); choose with --length N"):
        convert_model(tmp_path / "m.keras", tmp_path / "b")
    options = ConvertOptions(length="dynamic")
    with pytest.raises(ConvertError, match="choose them with --length N, or give --calibration"):
        convert_model(tmp_path / "m.keras", tmp_path / "b", options=options)
    options = ConvertOptions(length=(6,), variants="tflite-float32,tfjs-float32")
    manifest = convert_model(tmp_path / "m.keras", tmp_path / "b", options=options)
    assert [v.inputs[0].shape[1:] for v in manifest.variants] == [(6, 3), (6, 3)]

    options = ConvertOptions(length="dynamic", calibration=tmp_path / "c.npz")
    manifest = convert_model(tmp_path / "m.keras", tmp_path / "free", options=options)
    assert manifest.variants[0].id == "tfjs-float32"
    assert manifest.variants[0].inputs[0].shape == (None, None, 3)
    assert all("choose one with --length N" in s.reason for s in manifest.skipped)


def test_length_for_a_fixed_model(tiny_keras: Path, tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match="expected a model of free length"):
        convert_model(tiny_keras, tmp_path / "b", options=ConvertOptions(length=(3,)))


def test_a_stateful_model_converts_with_a_note(cli: Cli, tmp_path: Path) -> None:
    steps = keras.Input(batch_shape=(1, 4, 3))
    keras.Model(steps, layers.LSTM(2, stateful=True)(steps)).save(tmp_path / "m.keras")

    done = cli("convert", tmp_path / "m.keras", "-o", tmp_path / "b", "--variants", "tfjs-float32")

    assert done.returncode == 0
    assert "start from zeros in every call" in done.stderr


def test_size_for_a_fixed_model(tiny_keras: Path, tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match="expected a model of free image size"):
        convert_model(tiny_keras, tmp_path / "b", options=ConvertOptions(size=(20, 30)))


def test_a_recurrent_model_becomes_every_variant(tmp_path: Path) -> None:
    inputs = keras.Input((5, 3), name="steps")
    keras.Model(inputs, layers.Dense(2)(layers.LSTM(4)(inputs))).save(tmp_path / "m.keras")
    np.savez(tmp_path / "c.npz", steps=np.random.default_rng(0).normal(size=(8, 5, 3)))

    options = ConvertOptions(calibration=tmp_path / "c.npz")
    manifest = convert_model(tmp_path / "m.keras", tmp_path / "b", options=options)

    assert [v.id for v in manifest.variants] == [r.id for r in VARIANTS]


def test_variants_are_chosen_in_the_tables_order() -> None:
    chosen = chosen_variants(" tfjs-uint8 , tflite-int8 ")

    assert [r.id for r in chosen] == ["tflite-int8", "tfjs-uint8"]
    assert chosen_variants("all") == VARIANTS
    with pytest.raises(UsageError, match="did you mean tfjs-float16"):
        chosen_variants(["tfjs-flaot16"])


def test_sequential_model_with_a_fixed_batch(tmp_path: Path) -> None:
    stack = [keras.Input(batch_shape=(2, 3, 2)), layers.Flatten(), layers.Dense(4)]
    keras.Sequential(stack).save(tmp_path / "m.keras")

    options = ConvertOptions(variants="tflite-float32,tfjs-float32", golden=5)
    manifest = convert_model(tmp_path / "m.keras", tmp_path / "b", options=options)

    assert manifest.variants[0].inputs[0].shape == (2, 3, 2)
    # whole batches only
    bundle = Bundle.open(tmp_path / "b")
    assert bundle.array(manifest.golden.outputs[0]).shape == (4, 4)
