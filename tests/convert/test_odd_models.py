"""Models as nobody plans for them: each converts to Keras' answers, or ends in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.api import convert_model
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.keras_model import keras_model
from edgeproof.convert.keras_outputs import layer_by_layer
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.source import find_source
from edgeproof.convert.tfjs.reader import read_graph_model
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import UsageError
from edgeproof.edge.runtime import TfliteModel

# one rounding error of float32 per operation
TOLERANCE = 1e-5
_MODULE = """
import keras

class Scoring(keras.Model):
    def __init__(self, units=3, **options):
        super().__init__(**options)
        self.units = units
        self.head = keras.layers.Dense(units)

    def call(self, x):
        return self.head(x) * 2.0

    def get_config(self):
        return {**super().get_config(), "units": self.units}

class Squared(keras.losses.Loss):
    def call(self, expected, got):
        return (expected - got) ** 2
"""


def _dictionaries() -> keras.Model:
    late, early = keras.Input((4,), name="late"), keras.Input((3,), name="early")
    outputs = {"z": layers.Dense(2)(late), "a": layers.Dense(3)(early)}
    return keras.Model({"late": late, "early": early}, outputs)


def _of(call: Callable[[Any], Any], *shape: int, dtype: str = "float32") -> keras.Model:
    inputs = keras.Input(shape, dtype=dtype)
    return keras.Model(inputs, call(inputs))


def _with_odd_names() -> keras.Model:
    inputs = keras.Input((4,), name="two words:0")
    x = layers.Dense(3, name="größe_日本")(inputs)
    return keras.Model(inputs, layers.Dense(2, name="a:b")(x), name="модель")


def _same_names_within() -> keras.Model:
    def part(name: str) -> keras.Model:
        given = keras.Input((4,))
        return keras.Model(given, layers.Dense(3, name="same")(given), name=name)

    inputs = keras.Input((4,))
    return keras.Model(inputs, [part("first")(inputs), part("second")(inputs)])


def _deep() -> keras.Model:
    x = inputs = keras.Input((4,))
    for index in range(300):
        x = layers.LeakyReLU(0.9)(x) if index % 2 else layers.Identity()(x)
    return keras.Model(inputs, layers.Dense(2)(x))


MODELS: dict[str, Callable[[], keras.Model]] = {
    "dictionaries": _dictionaries,
    "four channels": lambda: _of(lambda x: layers.Flatten()(layers.Conv2D(2, 3)(x)), *(6, 6, 4)),
    "int32": lambda: _of(layers.Embedding(9, 3), 5, dtype="int32"),
    "int64": lambda: _of(layers.Embedding(9, 3), 5, dtype="int64"),
    "bool": lambda: _of(lambda x: layers.Dense(2)(keras.ops.cast(x, "float32")), 5, dtype="bool"),
    "uint8": lambda: _of(
        lambda x: layers.Dense(2)(layers.Flatten()(layers.Rescaling(0.1)(x))),
        *(4, 4, 3),
        dtype="uint8",
    ),
    "a single weight": lambda: _of(layers.Dense(1, use_bias=False), 1),
    "no weights": lambda: _of(layers.ReLU(), 4),
    "no layers": lambda: _of(lambda x: x, 4),
    "odd names": _with_odd_names,
    "the same names within": _same_names_within,
    "deep": _deep,
}


@pytest.mark.parametrize("kind", MODELS)
def test_converts_to_what_keras_answers(kind: str, tmp_path: Path) -> None:
    MODELS[kind]().save(tmp_path / "model.keras")
    options = ConvertOptions(variants="tflite-float32,tfjs-float32", golden=2)

    manifest = convert_model(tmp_path / "model.keras", tmp_path / "b", options=options)

    bundle = Bundle.open(tmp_path / "b")
    inputs = [bundle.array(entry)[:1] for entry in manifest.golden.inputs]
    model = keras_model(find_source(tmp_path / "model.keras"))
    expected = layer_by_layer(model, inputs)
    lite = TfliteModel(bundle.read(bundle.variant("tflite-float32").entry_file))
    variant = bundle.variant("tflite-float32")
    given = {s.name: x.astype(s.dtype) for s, x in zip(variant.inputs, inputs, strict=True)}
    made = lite.run(given)
    _same([made[spec.name] for spec in variant.outputs], expected)
    files = {Path(e.path).name: bundle.read(e) for e in bundle.variant("tfjs-float32").files}
    fed = [
        x.astype(s.dtype)
        for x, s in zip(inputs, bundle.variant("tfjs-float32").inputs, strict=True)
    ]
    _same(read_graph_model(files)(fed), expected)


def _same(actual: list[np.ndarray], expected: list[np.ndarray]) -> None:
    assert len(actual) == len(expected) > 0
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, atol=TOLERANCE * max(np.abs(e).max(), 1))
    assert any(np.abs(e).max() > 0 for e in expected)


def test_channels_first_is_refused(tmp_path: Path) -> None:
    model = _of(layers.Conv2D(2, 3, data_format="channels_first", name="first"), 3, 6, 6)
    model.save(tmp_path / "model.keras")
    with pytest.raises(ConvertError, match="channels last, got channels first in first of"):
        convert_model(tmp_path / "model.keras", tmp_path / "b")
    assert not (tmp_path / "b").exists()


@pytest.fixture
def own_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the user's in the working directory."""
    import importlib
    import sys

    (tmp_path / "own_classes.py").write_text(_MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_classes", raising=False)
    return importlib.import_module("own_classes")


def test_a_subclassed_model_by_its_class(own_classes: Any, tmp_path: Path) -> None:
    model = own_classes.Scoring()
    inputs = np.random.default_rng(0).normal(size=(1, 5)).astype(np.float32)
    expected = np.asarray(model(inputs))
    # as if it had been saved from a notebook: no module to import it from
    own_classes.Scoring.__module__ = "__main__"
    model.save(tmp_path / "own.keras")
    with pytest.raises(ConvertError, match="--custom-objects module:Scoring"):
        convert_model(tmp_path / "own.keras", tmp_path / "none")

    options = ConvertOptions(
        variants="tflite-float32,tfjs-float32", custom_objects=("own_classes:Scoring",)
    )
    convert_model(tmp_path / "own.keras", tmp_path / "b", options=options)

    bundle = Bundle.open(tmp_path / "b")
    lite = TfliteModel(bundle.read(bundle.variant("tflite-float32").entry_file))
    made = lite.run({lite.inputs[0].name: inputs})
    np.testing.assert_allclose(next(iter(made.values())), expected, atol=TOLERANCE)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_an_unknown_loss_does_not_matter(own_classes: Any, tmp_path: Path, suffix: str) -> None:
    model = _of(layers.Dense(2), 4)
    model.compile("adam", loss=own_classes.Squared(), metrics=[own_classes.Squared()])
    own_classes.Squared.__module__ = "__main__"
    path = tmp_path / f"compiled{suffix}"
    model.save(path)

    loaded = keras_model(find_source(path))

    given = np.ones((1, 4), np.float32)
    np.testing.assert_allclose(loaded(given), model(given), atol=TOLERANCE)


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_a_lambda_in_hdf5_runs_where_it_is_trusted(package: str, tmp_path: Path) -> None:
    made_with = pytest.importorskip(
        package, reason="the extra `legacy` is not installed", exc_type=ImportError
    )
    inputs = made_with.Input((4,))
    x = made_with.layers.Lambda(lambda x: x * 2, name="twice", output_shape=(4,))(inputs)
    made_with.Model(inputs, x).save(tmp_path / "model.h5")
    with pytest.raises(ConvertError, match=r"Lambda layer 'twice' holds .* --trust-lambda"):
        find_source(tmp_path / "model.h5")

    source = find_source(tmp_path / "model.h5", trust_lambda=True)
    model = keras_model(source, trust_lambda=True)

    (output,) = layer_by_layer(model, [np.ones((1, 4), np.float32)])
    np.testing.assert_array_equal(output, np.full((1, 4), 2))


def _saved_model(folder: Path, *signatures: str) -> Path:
    import tensorflow as tf

    class Module(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = tf.Variable(tf.ones((4, 2)))

    module = Module()
    x = tf.TensorSpec((None, 4), tf.float32, name="x")
    chosen = {
        name: tf.function(lambda x, n=n: {"y": x @ module.kernel + n}).get_concrete_function(x)
        for n, name in enumerate(signatures, start=1)
    }
    tf.saved_model.save(module, str(folder), signatures=chosen)
    return folder


def test_the_only_signature_is_used(tmp_path: Path) -> None:
    source = find_source(_saved_model(tmp_path / "saved", "score"))

    np.testing.assert_array_equal(keras_model(source)(np.ones((1, 4), np.float32)), [[5, 5]])


def test_one_of_several_signatures_by_name(tmp_path: Path) -> None:
    path = _saved_model(tmp_path / "saved", "score", "other")
    with pytest.raises(ConvertError, match="got other, score; choose one with --signature NAME"):
        keras_model(find_source(path))
    with pytest.raises(ConvertError, match="got 'third'; it has: other, score"):
        keras_model(find_source(path), signature="third")

    options = ConvertOptions(variants="tflite-float32", signature="other")
    manifest = convert_model(path, tmp_path / "b", options=options)

    assert manifest.provenance.signature == "other"
    bundle = Bundle.open(tmp_path / "b")
    inputs, outputs = manifest.golden.inputs[0], manifest.golden.outputs[0]
    expected = bundle.array(inputs).sum(axis=1, keepdims=True) + np.full((1, 2), 2)
    np.testing.assert_allclose(bundle.array(outputs), expected, atol=1e-4)


def test_no_signature(tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match=r"got none in .*saved; save it again"):
        keras_model(find_source(_saved_model(tmp_path / "saved")))


def test_a_signature_of_another_kind_of_model(tiny_keras: Path) -> None:
    with pytest.raises(UsageError, match="expected a SavedModel folder for --signature"):
        keras_model(find_source(tiny_keras), signature="score")
