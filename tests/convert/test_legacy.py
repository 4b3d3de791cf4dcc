"""Files of Keras 2 that Keras 3 cannot read: loaded with tf-keras, they convert like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.convert import loading
from edgeproof.convert.api import convert_model
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import UNROLLED_STEPS, freeze, trace
from edgeproof.convert.keras_model import keras_model
from edgeproof.convert.keras_outputs import layer_by_layer
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.progress import Silent
from edgeproof.convert.source import find_source
from edgeproof.convert.tfjs.layers_model import layers_model_files
from edgeproof.convert.tfjs.reader import read_graph_model
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.runtime import TfliteModel

from .tfjs.conftest import run_tfjs, web_folder
from .tfjs.engines import Engine, worst_error

__all__ = ["run_tfjs", "web_folder"]

tf_keras = pytest.importorskip(
    "tf_keras", reason="the extra `legacy` is not installed", exc_type=ImportError
)
# one rounding error of float32 per operation, over a few dozen
TOLERANCE = 1e-5


class Notes(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


def _randomised(model: Any) -> Any:
    generator = np.random.default_rng(0)
    for weight in model.weights:
        low, high = (0.5, 1.5) if "variance" in weight.name else (-0.4, 0.4)
        weight.assign(generator.uniform(low, high, weight.shape))
    return model


def _images() -> Any:
    layers = tf_keras.layers
    nested_input = tf_keras.Input((5, 4, 6))
    nested = tf_keras.Model(
        nested_input, layers.LeakyReLU()(layers.BatchNormalization()(nested_input)), name="nested"
    )
    image = tf_keras.Input((11, 9, 3), name="image")
    x = layers.Rescaling(1 / 255)(image)
    # its `groups` in the configuration is what Keras 3 stumbles over
    x = layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2)(x)
    x = nested(nested(x))
    x = layers.SeparableConv2D(4, 2, activation="relu")(x)
    x = layers.Flatten()(layers.Dropout(0.5)(x))
    x = tf_keras.Sequential([layers.Dense(6), layers.PReLU()], name="stack")(x)
    return _randomised(tf_keras.Model(image, layers.Dense(3, "softmax", name="scores")(x)))


def _steps() -> Any:
    layers = tf_keras.layers
    steps = tf_keras.Input((6, 3), name="steps")
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(layers.Masking()(steps))
    return _randomised(tf_keras.Model(steps, layers.Dense(2)(layers.GRU(3)(x))))


@pytest.fixture(scope="module")
def legacy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("legacy") / "old.h5"
    with pytest.warns(UserWarning, match="HDF5"):
        _images().save(path)
    return path


def test_tf_keras_is_chosen_and_said(legacy_file: Path, tmp_path: Path) -> None:
    notes = Notes()
    options = ConvertOptions(variants="tflite-float32,tfjs-float32,tfjs-layers-float32")

    manifest = convert_model(legacy_file, tmp_path / "b", options=options, progress=notes)

    assert any(
        "Keras 3 cannot read old.h5: it was loaded with tf-keras 2." in n for n in notes.texts
    )
    assert (manifest.task, len(manifest.labels)) == ("image-classification", 3)
    bundle = Bundle.open(tmp_path / "b")
    model = keras_model(find_source(legacy_file))
    images = bundle.array(manifest.golden.inputs[0])[:1].astype(np.float32)
    expected = layer_by_layer(model, [images])
    assert worst_error([bundle.array(manifest.golden.outputs[0])[:1]], expected) <= TOLERANCE
    lite = TfliteModel(bundle.read(bundle.variant("tflite-float32").entry_file))
    assert (
        worst_error(list(lite.run({lite.inputs[0].name: images}).values()), expected) <= TOLERANCE
    )
    files = {Path(e.path).name: bundle.read(e) for e in bundle.variant("tfjs-float32").files}
    assert worst_error(read_graph_model(files)([images]), expected) <= TOLERANCE


@pytest.mark.parametrize(("activation", "said"), [("hard_sigmoid", 1), ("sigmoid", 0)])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_another_hard_sigmoid_is_said(activation: str, said: int, tmp_path: Path) -> None:
    stack = [tf_keras.Input((6,)), tf_keras.layers.Dense(2, activation)]
    tf_keras.Sequential(stack).save(tmp_path / "old.h5")
    notes: list[str] = []

    keras_model(find_source(tmp_path / "old.h5"), note=notes.append)

    assert sum("whose hard_sigmoid is not Keras 3's" in text for text in notes) == said


def test_without_tf_keras_the_extra_is_named(
    legacy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_is_installed", lambda package: False)
    with pytest.raises(ConvertError, match=r"pip install 'edgeproof\[legacy\]'"):
        keras_model(find_source(legacy_file))


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_layers_model_of_keras_2(backend: str, run_tfjs: Engine) -> None:
    model = _images()
    images = np.random.default_rng(1).uniform(0, 255, (2, 11, 9, 3)).astype(np.float32)

    actual = run_tfjs(layers_model_files(model), [images], backend)

    assert worst_error(actual, layer_by_layer(model, [images])) <= TOLERANCE


def test_recurrent_layers_are_unrolled_and_left_as_they_were() -> None:
    model = _steps()
    kept = {layer.name: dict(vars(layer)) for layer in model._flatten_layers()}

    frozen = freeze(model)

    operations = {node.op for node in frozen.graph_def.node}
    functions = {f.signature.name for f in frozen.graph_def.library.function}
    assert not {"While", "StatelessWhile"} & operations
    assert not functions
    for layer in model._flatten_layers():
        assert set(vars(layer)) == set(kept[layer.name])
        assert vars(layer).get("unroll") == kept[layer.name].get("unroll")


def test_masked_steps_are_unrolled_right() -> None:
    model = _steps()
    steps = np.random.default_rng(1).normal(0, 1, (1, 6, 3)).astype(np.float32)
    steps[0, 3:] = steps[0, 1] = 0

    assert worst_error(trace(model).run([steps]), layer_by_layer(model, [steps])) <= TOLERANCE


def test_long_recurrences_stay_loops() -> None:
    layers = tf_keras.layers
    model = tf_keras.Sequential([tf_keras.Input((UNROLLED_STEPS + 1, 2)), layers.SimpleRNN(2)])

    assert {"While", "StatelessWhile"} & {node.op for node in freeze(model).graph_def.node}


def _decoder() -> Any:
    """What Keras 3 spells or computes differently: first states, hard sigmoids."""
    layers = tf_keras.layers
    steps = tf_keras.Input((6, 3), name="steps")
    _, *state = layers.LSTM(3, return_state=True)(steps)
    frames = layers.TimeDistributed(layers.Dense(2, "hard_sigmoid"))(steps)
    decoded = layers.LSTM(3, recurrent_activation="hard_sigmoid")(frames, initial_state=state)
    return _randomised(tf_keras.Model(steps, [decoded, layers.ThresholdedReLU(0.1)(decoded)]))


def _masked() -> Any:
    layers = tf_keras.layers
    steps = tf_keras.Input((6, 3), name="steps")
    x = layers.Dense(4)(layers.Masking()(steps))
    x = layers.GRU(3, reset_after=False, return_sequences=True)(x)
    return _randomised(tf_keras.Model(steps, layers.Bidirectional(layers.LSTM(2))(x)))


@pytest.mark.parametrize("make", [_decoder, _masked])
def test_layers_models_of_sequences(make: Any, run_tfjs: Engine) -> None:
    model = make()
    steps = np.random.default_rng(1).normal(0, 1, (3, 6, 3)).astype(np.float32)
    steps[0, 3:] = steps[1, 2] = 0

    actual = run_tfjs(layers_model_files(model), [steps], "wasm")

    assert worst_error(actual, layer_by_layer(model, [steps])) <= TOLERANCE


def test_a_call_with_further_arguments_is_refused_as_a_layers_model() -> None:
    query, value = tf_keras.Input((3, 2), name="query"), tf_keras.Input((4, 2), name="value")
    x = tf_keras.layers.MultiHeadAttention(1, 2)(query, value)
    with pytest.raises(ConvertError, match="more than its input tensors"):
        layers_model_files(tf_keras.Model([query, value], x))
