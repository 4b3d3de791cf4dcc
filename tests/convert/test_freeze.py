"""Freezing: names, order, shapes, and that nothing of training is left."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from edgeproof.convert import tflite
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import UNROLLED_STEPS, FrozenGraph, freeze
from edgeproof.edge.runtime import TfliteModel


def _run(frozen: FrozenGraph, *inputs: np.ndarray) -> list[np.ndarray]:
    def graph() -> None:
        tf.import_graph_def(frozen.graph_def, name="")

    wrapped = tf.compat.v1.wrap_function(graph, signature=[])
    element = wrapped.graph.as_graph_element
    function = wrapped.prune(
        [element(t.tensor) for t in frozen.inputs], [element(t.tensor) for t in frozen.outputs]
    )
    return [np.asarray(output) for output in function(*map(tf.constant, inputs))]


def _operations(frozen: FrozenGraph) -> set[str]:
    return {node.op for node in frozen.graph_def.node}


def test_names_order_and_free_batch_of_several_inputs_and_outputs() -> None:
    first, second = keras.Input((3,), name="zeta"), keras.Input((2,), dtype="int32", name="alpha")
    x = layers.Concatenate()([first, layers.Flatten()(layers.Embedding(5, 2)(second))])
    model = keras.Model([first, second], [layers.Dense(4, name="b")(x), layers.ReLU(name="a")(x)])
    frozen = freeze(model)
    assert [(t.name, t.dtype, t.shape) for t in frozen.inputs] == [
        ("zeta", "float32", (None, 3)),
        ("alpha", "int32", (None, 2)),
    ]
    assert [(t.name, t.shape) for t in frozen.outputs] == [("b", (None, 4)), ("a", (None, 7))]
    inputs = [np.ones((2, 3), np.float32), np.array([[1, 2], [3, 4]], np.int32)]
    for actual, expected in zip(_run(frozen, *inputs), model(inputs), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-6)


def test_inputs_in_a_dictionary() -> None:
    inputs = {"right": keras.Input((2,), name="right"), "left": keras.Input((2,), name="left")}
    outputs = {"difference": layers.Subtract(name="d")([inputs["right"], inputs["left"]])}
    frozen = freeze(keras.Model(inputs, outputs))
    feeds = {"left": np.full((1, 2), 1, np.float32), "right": np.full((1, 2), 5, np.float32)}
    (actual,) = _run(frozen, *(feeds[t.name] for t in frozen.inputs))
    np.testing.assert_array_equal(actual, np.full((1, 2), 4))


def test_a_layer_that_is_an_output_twice_gets_two_names() -> None:
    x = keras.Input((2,))
    y = layers.ReLU(name="same")(x)
    assert [t.name for t in freeze(keras.Model(x, [y, y])).outputs] == ["same", "same_1"]


def test_a_fixed_batch() -> None:
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    assert freeze(model, batch=4).inputs[0].shape == (4, 2)


def test_training_layers_vanish_and_variables_become_constants() -> None:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.RandomFlip(),
            layers.Conv2D(2, 3),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
        ]
    )
    operations = _operations(freeze(model))
    assert "Conv2D" in operations
    assert not {op for op in operations if "Random" in op or "Variable" in op or "VarHandle" in op}


def test_freezing_changes_no_layer() -> None:
    lstm = layers.LSTM(2)
    model = keras.Sequential([keras.Input((4, 3)), lstm])
    before = dict(vars(lstm))
    freeze(model)
    assert set(vars(lstm)) == set(before)
    assert lstm.unroll is False


@pytest.mark.parametrize(("steps", "loops"), [(5, False), (UNROLLED_STEPS + 1, True), (None, True)])
def test_short_recurrences_are_unrolled(steps: int | None, loops: bool) -> None:
    model = keras.Sequential([keras.Input((steps, 3)), layers.SimpleRNN(2)])
    frozen = freeze(model)
    assert bool({"While", "StatelessWhile"} & _operations(frozen)) is loops
    x = np.random.default_rng(0).normal(size=(2, steps or 7, 3)).astype(np.float32)
    np.testing.assert_allclose(_run(frozen, x)[0], model(x), rtol=1e-5, atol=1e-6)


def test_a_model_that_was_never_built_is_refused() -> None:
    model = keras.Sequential([layers.Dense(2)])
    with pytest.raises(ConvertError, match=r"expected a model with known inputs.*never built"):
        freeze(model)


def test_a_model_that_cannot_be_traced_is_refused_with_the_reason() -> None:
    class Eager(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x if float(tf.reduce_sum(x)) > 0 else -x

        def compute_output_spec(self, x: Any) -> Any:
            return keras.KerasTensor(x.shape, x.dtype)

    model = keras.Sequential([keras.Input((2,), name="in"), Eager()])
    with pytest.raises(ConvertError, match="expected a model that TensorFlow can trace"):
        freeze(model)


@pytest.mark.parametrize("steps", [4, UNROLLED_STEPS + 1])
def test_the_batch_is_fixed_without_tracing_again_unless_there_are_loops(
    steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = keras.Sequential([keras.Input((steps, 3)), layers.LSTM(2), layers.Dense(2)])
    frozen = freeze(model)
    traces = []

    def counted(model: keras.Model, *, batch: int | None = None) -> FrozenGraph:
        traces.append(batch)
        return freeze(model, batch=batch)

    monkeypatch.setattr(tflite, "freeze", counted)
    content = tflite.float_tflite(model, frozen, batch=2)

    assert traces == ([2] if steps > UNROLLED_STEPS else [])
    x = np.random.default_rng(0).normal(size=(2, steps, 3)).astype(np.float32)
    loaded = TfliteModel(content)
    assert loaded.inputs[0].shape == (2, steps, 3)
    outputs = loaded.run({loaded.inputs[0].name: x})
    np.testing.assert_allclose(outputs[loaded.outputs[0].name], model(x), rtol=1e-4, atol=1e-6)
