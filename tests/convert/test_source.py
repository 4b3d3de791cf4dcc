"""Stored models are recognised and checked before TensorFlow is needed."""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import pytest

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.keras_model import keras_model
from edgeproof.convert.source import find_source, source_sha256


@pytest.fixture(scope="session")
def tiny_h5(tiny_model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from keras.src.legacy.saving import legacy_h5_format

    # not model.save(".h5"): that warns about the format
    path = tmp_path_factory.mktemp("h5") / "tiny.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_model_to_hdf5(tiny_model, file, include_optimizer=False)
    return path


def test_keras_file(tiny_keras: Path) -> None:
    source = find_source(tiny_keras)

    assert (source.kind, source.model, source.deployment) == ("keras", tiny_keras, None)


def test_run_folder(tiny_run: Path) -> None:
    source = find_source(tiny_run)

    assert source.deployment is not None
    assert source.deployment.labels[0] == "red"
    assert (source.recipe, source.seed, source.run) == ("tiny", 3, tiny_run)


@pytest.mark.parametrize("name", ["model.h5", "model.hdf5", "misnamed.keras"])
def test_hdf5_under_any_name(tiny_h5: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(tiny_h5.read_bytes())

    source = find_source(path)

    assert source.kind == "hdf5"
    assert keras_model(source).output_names == ["scores"]


def test_saved_model_gives_the_same_answers(tiny_model: keras.Model, tmp_path: Path) -> None:
    import numpy as np

    tiny_model.export(tmp_path / "saved", verbose=False)
    batch = np.full((2, 12, 10, 3), 100, np.float32)

    loaded = keras_model(find_source(tmp_path / "saved"))

    np.testing.assert_allclose(loaded(batch), tiny_model(batch), atol=1e-6)


def test_sha256_sees_every_file_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = source_sha256(tmp_path)
    (tmp_path / "b").write_text("")

    assert source_sha256(tmp_path) != before


def _truncated(path: Path, whole: Path) -> Path:
    content = whole.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match="which does not exist"):
        find_source(tmp_path / "none.keras")


def test_not_a_model(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_text("weights: many")
    with pytest.raises(ConvertError, match=r"expected a Keras model .* starts with b'weights:'"):
        find_source(path)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.touch()
    with pytest.raises(ConvertError, match="expected a Keras model"):
        find_source(path)


def test_truncated_zip(tiny_keras: Path, tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match="is damaged or incomplete"):
        find_source(_truncated(tmp_path / "model.keras", tiny_keras))


def test_altered_zip(tiny_keras: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    content = bytearray(tiny_keras.read_bytes())
    middle = len(content) // 2
    content[middle] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ConvertError, match=r"is damaged: model.weights.h5 in it fails"):
        find_source(path)


def test_truncated_hdf5(tiny_h5: Path, tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match="is damaged or incomplete"):
        find_source(_truncated(tmp_path / "model.h5", tiny_h5))


def test_other_zip(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "hello")
    with pytest.raises(ConvertError, match=r"expected a .keras archive .* with letter.txt"):
        find_source(path)


def test_weights_without_architecture(tiny_model: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "tiny.weights.h5"
    tiny_model.save_weights(path)
    with pytest.raises(ConvertError, match="holds weights without an architecture"):
        find_source(path)


def test_folder_of_neither_kind(tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match="which holds neither"):
        find_source(tmp_path)


def test_run_without_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConvertError, match=r"expected model.keras in the run folder"):
        find_source(tmp_path)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("not json", "is not a run's configuration"),
        ("[]", "top level: expected an object"),
        (json.dumps({"recipe": "x", "seed": 1}), "deployment: expected an object, got None"),
    ],
)
def test_run_with_a_bad_configuration(
    tmp_path: Path, tiny_keras: Path, config: str, message: str
) -> None:
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "model.keras").write_bytes(tiny_keras.read_bytes())
    with pytest.raises(ConvertError, match=message):
        find_source(tmp_path)


def test_lambda_layer_is_refused_unread(tmp_path: Path) -> None:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2, name="twice")(inputs))
    model.save(tmp_path / "model.keras")
    with pytest.raises(ConvertError, match=r"Lambda layer 'twice' holds .* --trust-lambda"):
        find_source(tmp_path / "model.keras")


def test_lambda_inside_a_nested_model_is_refused(tmp_path: Path) -> None:
    inner_input = keras.Input((4,))
    inner = keras.Model(inner_input, keras.layers.Lambda(abs, name="deep")(inner_input))
    inputs = keras.Input((4,))
    keras.Model(inputs, inner(inputs)).save(tmp_path / "model.keras")
    with pytest.raises(ConvertError, match="Lambda layer 'deep' holds Python code"):
        find_source(tmp_path / "model.keras")


def test_custom_layer_is_named(tmp_path: Path) -> None:
    class Doubling(keras.layers.Layer):
        def call(self, inputs: object) -> object:
            return inputs

    inputs = keras.Input((4,))
    keras.Model(inputs, Doubling()(inputs)).save(tmp_path / "model.keras")
    source = find_source(tmp_path / "model.keras")
    with pytest.raises(ConvertError, match="'Doubling' is custom code"):
        keras_model(source)


def test_nan_weights_are_named(tmp_path: Path) -> None:
    inputs = keras.Input((4,))
    layer = keras.layers.Dense(2, name="head")
    model = keras.Model(inputs, layer(inputs))
    layer.bias.assign([0.0, float("nan")])
    model.save(tmp_path / "model.keras")
    source = find_source(tmp_path / "model.keras")
    with pytest.raises(ConvertError, match="NaN or infinity in head/bias"):
        keras_model(source)
