"""Wrappers, recurrent layers, their states and masks: written layers models against Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.tfjs.layers_model import UnsupportedLayer, layers_model_files

from . import models
from .engines import Engine, Files, worst_error

TOLERANCE = 1e-5
Make = Callable[..., Any]
_STEPS, _VIDEO, _TOKENS = (6, 4), (4, 6, 5, 3), (5,)


def _normal(shape: Sequence[int], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (3, *shape)).astype(np.float32)


def _masked_steps() -> np.ndarray:
    """Steps of zeros at the end, at the start, in between and everywhere."""
    steps = _normal(_STEPS, 1)
    steps[0, 3:] = steps[1, :2] = steps[1, 4] = steps[2] = 0
    return steps


ARRAYS: dict[str, np.ndarray] = {
    "steps": _masked_steps(),
    "later": _normal((5, 2), 2),
    "state": _normal((3,), 3),
    "video": _normal(_VIDEO, 4),
    "tokens": np.array([[1, 2, 0, 0, 3], [4, 0, 0, 0, 0], [1, 2, 3, 4, 3]], np.int32),
    "answer": np.array([[4, 0, 1, 0, 0], [0, 0, 2, 1, 0], [1, 2, 0, 0, 0]], np.int32),
    "scenes": _normal((3, 4, 5), 5),
}


def _frames() -> keras.Model:
    frame = keras.Input((6, 5, 3))
    same = layers.Conv2D(3, 3, padding="same")(layers.RandomFlip()(frame))
    return keras.Model(frame, layers.Flatten()(layers.Add()([same, frame])))


def _sentences() -> keras.Model:
    tokens = keras.Input(_TOKENS, dtype="int32")
    return keras.Model(tokens, layers.LSTM(3)(layers.Embedding(6, 4, mask_zero=True)(tokens)))


def _siamese(first: Any, second: Any) -> Any:
    embed, read = layers.Embedding(6, 4, mask_zero=True), layers.LSTM(3)
    return layers.Concatenate()([read(embed(first)), read(embed(second))])


def _translation(steps: Any, later: Any) -> Any:
    _, *state = layers.LSTM(3, return_state=True)(steps)
    return layers.LSTM(3, return_sequences=True)(later, initial_state=state)


def _each_way(inner: keras.layers.Layer, **options: Any) -> Make:
    return layers.Bidirectional(inner, **options)


def _in_time(make: Callable[[], keras.layers.Layer]) -> Make:
    return layers.TimeDistributed(make())


def _after_mask(*stack: keras.layers.Layer, value: float = 0.0) -> Make:
    def call(steps: Any) -> Any:
        x = layers.Masking(value)(steps)
        for layer in stack:
            x = layer(x)
        return x

    return call


def _with_state(layer: keras.layers.Layer) -> Make:
    """The first state is the output: both are read, one after the other."""

    def call(tensor: Any) -> Any:
        output, first, *others = layer(tensor)
        return [layers.Activation("tanh")(output), layers.Activation("relu")(first), *others]

    return call


def _merged(merge: keras.layers.Layer) -> Make:
    embed = layers.Embedding(6, 4, mask_zero=True)
    return lambda first, second: merge([embed(first), embed(second)])


_stacked = [layers.LSTMCell(3), layers.SimpleRNNCell(2), layers.GRUCell(4, reset_after=False)]
CASES: dict[str, tuple[str, Make]] = {
    "both ways": ("steps", _each_way(layers.LSTM(3))),
    "sequences": ("steps", _each_way(layers.LSTM(3, return_sequences=True, bias_regularizer="l2"))),
    "summed": ("steps", _each_way(layers.GRU(3, reset_after=False), merge_mode="sum")),
    "averaged": ("steps", _each_way(layers.SimpleRNN(3), merge_mode="ave")),
    "multiplied": ("steps", _each_way(layers.LSTM(3), merge_mode="mul")),
    "apart": ("steps", _each_way(layers.LSTM(3, return_sequences=True), merge_mode=None)),
    "with states": ("steps", _each_way(layers.LSTM(3, return_state=True))),
    "backwards first": (
        "steps",
        _each_way(
            layers.LSTM(3, go_backwards=True, return_sequences=True),
            backward_layer=layers.LSTM(3, return_sequences=True),
        ),
    ),
    "dense in time": ("steps", _in_time(lambda: layers.Dense(2, "relu"))),
    "pictures in time": ("video", _in_time(lambda: layers.Conv2D(2, 3))),
    "a model in time": ("video", _in_time(_frames)),
    "a recurrence in time": ("scenes", _in_time(lambda: layers.LSTM(2))),
    "both ways in time": ("scenes", _in_time(lambda: layers.Bidirectional(layers.LSTM(2)))),
    "time in time": ("scenes", _in_time(lambda: layers.TimeDistributed(layers.Dense(2)))),
    "a cell": ("steps", layers.RNN(layers.LSTMCell(3), return_sequences=True)),
    "a cell with its state": (
        "steps",
        _with_state(layers.RNN(layers.GRUCell(3, reset_after=False), return_state=True)),
    ),
    "stacked cells": (
        "steps",
        layers.RNN(_stacked, return_sequences=True, go_backwards=True),
    ),
    "convolution in time": ("video", layers.ConvLSTM2D(2, 3)),
    "convolutions, sequences": (
        "video",
        layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True, strides=2),
    ),
    "convolutions, states": (
        "video",
        _with_state(layers.ConvLSTM2D(2, 2, return_state=True, dilation_rate=2)),
    ),
    "states": ("steps", _with_state(layers.LSTM(3, return_state=True))),
    "states of a sequence": ("steps", layers.LSTM(3, return_state=True, return_sequences=True)),
    "first states": ("steps later", _translation),
    "a first state": (
        "steps state",
        lambda x, s: layers.GRU(3, reset_after=False)(x, initial_state=s),
    ),
    "two first states": (
        "steps state",
        lambda x, s: layers.Bidirectional(layers.SimpleRNN(3))(x, initial_state=[s, s]),
    ),
    "masked": ("steps", _after_mask(layers.LSTM(3))),
    "masked by a number": ("steps", _after_mask(layers.LSTM(3), value=-1.0)),
    "masked through layers": (
        "steps",
        _after_mask(
            *(layers.Dense(4), layers.BatchNormalization(), layers.Dropout(0.3)),
            *(layers.ReLU(), layers.PReLU(), layers.LayerNormalization()),
            *(layers.SimpleRNN(3, return_sequences=True), layers.GRU(3, reset_after=False)),
        ),
    ),
    "masked backwards": ("steps", _after_mask(layers.SimpleRNN(3, go_backwards=True))),
    "masked both ways": ("steps", _after_mask(layers.Bidirectional(layers.LSTM(3)))),
    "masked in time": (
        "steps",
        _after_mask(layers.TimeDistributed(layers.Dense(3)), layers.LSTM(2)),
    ),
    "masked stacked cells": (
        "steps",
        _after_mask(layers.RNN([layers.LSTMCell(3), layers.SimpleRNNCell(2)])),
    ),
    "mask that nobody reads": ("steps", _after_mask(layers.Activation("softmax"))),
    "tokens": ("tokens", _sentences()),
    "mask that goes no further": (
        "tokens",
        lambda x: layers.Flatten()(layers.Embedding(6, 4, mask_zero=True)(x)),
    ),
    "shared, two masks": ("tokens answer", _siamese),
    "merged masks": (
        "tokens answer",
        _merged(layers.Add()),
    ),
}


def _inputs(names: str) -> dict[str, Any]:
    given = {name: ARRAYS[name] for name in names.split()}
    return {n: keras.Input(a.shape[1:], dtype=a.dtype.name, name=n) for n, a in given.items()}


def _model(case: str) -> keras.Model:
    names, make = CASES[case]
    inputs = _inputs(names)
    given = list(inputs.values())
    return keras.Model(given if len(given) > 1 else given[0], make(*given))


@pytest.fixture(scope="module")
def every_case() -> tuple[Files, list[np.ndarray], list[str]]:
    """One model with each case as a model within it, Keras' answers, and whose they are.

    Together they need one start of Node.
    """
    inputs = _inputs(" ".join(ARRAYS))
    outputs, names = [], []
    for case, (given, _) in CASES.items():
        tensors = [inputs[name] for name in given.split()]
        made = keras.tree.flatten(_model(case)(tensors if len(tensors) > 1 else tensors[0]))
        outputs += [layers.Activation("linear")(output) for output in made]
        names += [case] * len(made)
    model = models.with_random_weights(keras.Model(list(inputs.values()), outputs))
    return layers_model_files(model), models.keras_outputs(model, list(ARRAYS.values())), names


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_every_case_computes_what_keras_does(
    backend: str, every_case: tuple[Files, list[np.ndarray], list[str]], run_tfjs: Engine
) -> None:
    files, expected, names = every_case
    actual = run_tfjs(files, list(ARRAYS.values()), backend)
    errors = [
        (name, worst_error([a], [e])) for name, a, e in zip(names, actual, expected, strict=True)
    ]
    assert [(name, error) for name, error in errors if error > TOLERANCE] == []


@pytest.mark.parametrize(
    "case", ["masked through layers", "shared, two masks", "first states", "states"]
)
def test_saved_and_loaded(case: str, run_tfjs: Engine, tmp_path: Path) -> None:
    """At the top level TF.js treats masks and states by other code than in nested models."""
    models.with_random_weights(_model(case)).save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    arrays = [ARRAYS[name] for name in CASES[case][0].split()]
    actual = run_tfjs(layers_model_files(model), arrays, "wasm")
    assert worst_error(actual, models.keras_outputs(model, arrays)) <= TOLERANCE


def test_an_output_and_the_same_state(run_tfjs: Engine) -> None:
    steps = keras.Input(_STEPS)
    made = layers.LSTM(3, return_state=True)(steps)
    model = models.with_random_weights(keras.Model(steps, [*made, layers.ReLU()(made[0])]))
    actual = run_tfjs(layers_model_files(model), [ARRAYS["steps"]], "wasm")
    assert worst_error(actual, models.keras_outputs(model, [ARRAYS["steps"]])) <= TOLERANCE
    outer = keras.Input(_STEPS)
    with pytest.raises(UnsupportedLayer, match="drops an output"):
        layers_model_files(keras.Model(outer, model(outer)))


def test_masks_in_a_stack(run_tfjs: Engine) -> None:
    stack = [keras.Input(_STEPS), layers.Masking(), layers.Dense(3), layers.LSTM(2)]
    model = models.with_random_weights(keras.Sequential(stack))
    actual = run_tfjs(layers_model_files(model), [ARRAYS["steps"]], "wasm")
    expected = models.keras_outputs(model, [ARRAYS["steps"]])
    assert worst_error(actual, expected) <= TOLERANCE
    # the mask matters to these numbers
    unmasked = keras.Sequential([keras.Input(_STEPS), layers.Dense(3), layers.LSTM(2)])
    unmasked.set_weights(model.get_weights())
    assert worst_error(actual, models.keras_outputs(unmasked, [ARRAYS["steps"]])) > 0.01


def _repeated(x: Any) -> Any:
    read = layers.LSTM(3)(layers.Embedding(6, 4, mask_zero=True)(x))
    return layers.LSTM(3)(layers.RepeatVector(4)(read))


def _own_mask(steps: Any) -> Any:
    return layers.LSTM(3)(steps, mask=keras.ops.any(keras.ops.not_equal(steps, 1.0), axis=-1))


REFUSED: dict[str, tuple[str, Make, str]] = {
    "GRU of another kind": ("steps", layers.GRU(2), "GRU .*reset_after=True"),
    "wrapped": ("steps", _each_way(layers.GRU(2)), "GRU .*reset_after=True"),
    "other directions": (
        "steps",
        _each_way(layers.LSTM(3), backward_layer=layers.LSTM(3, "relu", go_backwards=True)),
        "Bidirectional .*directions differ",
    ),
    "of cells": ("steps", _each_way(layers.RNN(layers.LSTMCell(2))), "wraps a layer of class RNN"),
    "in time": (
        "video",
        _in_time(lambda: layers.Resizing(2, 2)),
        "Resizing .*aligned corners",
    ),
    "stacked states": (
        "steps",
        layers.RNN([layers.LSTMCell(3), layers.LSTMCell(2)], return_state=True),
        "stacked states in another order",
    ),
    "masked sequences both ways": (
        "steps",
        _after_mask(layers.Bidirectional(layers.LSTM(3, return_sequences=True))),
        "repeats the last output",
    ),
    "masked mean": ("steps", _after_mask(layers.GlobalAveragePooling1D()), "masks differently"),
    "zeroed": (
        "steps",
        _after_mask(layers.LSTM(3, zero_output_for_mask=True)),
        "repeats the last output",
    ),
    "mask that Keras drops": (
        "steps",
        _after_mask(layers.Conv1D(3, 2), layers.LSTM(2)),
        "gives it the mask of masking",
    ),
    "mask of an earlier layer": ("tokens", _repeated, "gives it the mask of embedding"),
    "mask of one's own": ("steps", _own_mask, "with a mask of its own"),
    "product of masked": (
        "tokens answer",
        _merged(layers.Multiply()),
        "merges masked inputs",
    ),
    "partly masked": (
        "steps",
        lambda x: layers.Add()([x, layers.Masking()(x)]),
        "merges masked inputs",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_what_tfjs_computes_differently_is_refused(case: str) -> None:
    names, make, message = REFUSED[case]
    inputs = _inputs(names)
    model = keras.Model(list(inputs.values()), make(*inputs.values()))
    with pytest.raises(UnsupportedLayer, match=message):
        layers_model_files(model)
