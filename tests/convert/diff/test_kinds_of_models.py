"""Nested, shared, recurrent, branching and tf-keras models: compared, or listed, and no crash."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.api import convert_model
from edgeproof.convert.diff.compare import Diff, compared
from edgeproof.convert.diff.subject import golden_arrays, source_model
from edgeproof.convert.diff.variant_file import variant_file
from edgeproof.convert.options import ConvertOptions
from edgeproof.edge.bundle import Bundle

VARIANTS = "tflite-float32,tfjs-float32"


def diffs(model: Any, folder: Path) -> list[Diff]:
    """Of both float32 forms."""
    path = folder / "model.keras"
    model.save(path)
    convert_model(path, folder / "bundle", options=ConvertOptions(variants=VARIANTS))
    bundle = Bundle.open(folder / "bundle")
    loaded = source_model(bundle, None)
    arrays = golden_arrays(bundle, loaded, None)
    found = [compared(loaded, variant_file(bundle, v.id), arrays) for v in bundle.manifest.variants]
    assert len(found) == 2
    return found


def test_nested_and_shared_layers(tmp_path: Path) -> None:
    inner_input = keras.Input((8,))
    inner = keras.Model(inner_input, layers.Dense(8, "relu", name="first")(inner_input), name="in")
    shared = layers.Dense(8, activation="tanh", name="shared")
    inputs = keras.Input((8,))
    a, b = shared(inner(inputs)), shared(inputs)
    x = layers.Dropout(0.5)(layers.Concatenate(name="both")([a, b]))
    model = keras.Model(inputs, layers.Dense(3, name="out")(x))

    for diff in diffs(model, tmp_path):
        assert diff.first is None
        assert diff.unmatched == ()
        reads = {row.layer: set(row.reads) for row in diff.rows}
        assert reads["in/first"] == set()
        # the second call reads the input itself, whichever comes first
        assert {"in/first"} in (reads["shared"], reads["shared#2"])
        assert reads["both"] == {"shared", "shared#2"}
        assert reads["out"] == {"both"}


def test_recurrent_layers(tmp_path: Path) -> None:
    inputs = keras.Input((3, 3))
    model = keras.Model(inputs, layers.Dense(2, name="out")(layers.LSTM(4, name="last")(inputs)))
    for diff in diffs(model, tmp_path):
        assert diff.first is None
        compared_layers = {name for row in diff.rows for name in (row.layer, *row.covers)}
        assert {"last", "out"} <= compared_layers
        # a cell's steps are no layers
        assert not any("cell" in name for name in (*compared_layers, *diff.unmatched))


def test_tensors_that_several_layers_read_in_parts(tmp_path: Path) -> None:
    class Halves(layers.Layer):
        def call(self, x: Any) -> list[Any]:
            return keras.ops.split(x, 2, axis=-1)

    inputs = keras.Input((4, 6))
    left, right = Halves(name="halves")(layers.Dense(6, name="before")(inputs))
    model = keras.Model(inputs, layers.Add(name="sum")([left, layers.ReLU(name="relu")(right)]))
    traced = [model(np.ones((1, 4, 6)))]
    assert np.asarray(traced[0]).shape == (1, 4, 3)
    from edgeproof.convert.diff.compare import GraphTensors, _layers
    from edgeproof.convert.diff.layer_calls import traced_calls
    from edgeproof.convert.freeze import frozen_trace

    trace, calls = traced_calls(model)
    frozen = frozen_trace(trace)
    own = GraphTensors(frozen.graph_def, [frozen.inputs[0].tensor], [c.tensor for c in calls])
    array = np.random.default_rng(0).normal(0, 1, (2, 4, 6)).astype(np.float32)
    values = own.run([array])
    for layer in _layers(frozen, calls, {c.tensor: c.tensor for c in calls}, {}):
        read = [array for _ in layer.inputs] + [values[t] for t in layer.reads]
        np.testing.assert_allclose(layer.part.run(read), values[layer.call.tensor], atol=1e-6)


def test_tf_keras(tmp_path: Path) -> None:
    tf_keras = pytest.importorskip("tf_keras", reason="has no wheel for this Python")
    model = tf_keras.Sequential(
        [
            tf_keras.layers.Input((8, 8, 1)),
            tf_keras.layers.SeparableConv2D(4, 3, name="separable"),
            tf_keras.layers.BatchNormalization(),
            tf_keras.layers.GlobalAveragePooling2D(name="pool"),
            tf_keras.layers.Dense(3, name="out"),
        ]
    )
    from edgeproof.convert.diff.layer_calls import traced_calls

    _, calls = traced_calls(model)
    assert [c.layer for c in calls][-2:] == ["pool", "out"]
    for diff in diffs(model, tmp_path):
        assert diff.first is None
        assert {"pool", "out"} <= {row.layer for row in diff.rows}
