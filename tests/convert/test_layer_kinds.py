"""Models of every kind of layer: each float variant gives Keras' answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.freeze import freeze
from edgeproof.convert.keras_outputs import layer_by_layer
from edgeproof.convert.tensors import tflite_specs
from edgeproof.convert.tfjs.graph_model import graph_model_files
from edgeproof.convert.tflite import float_tflite
from edgeproof.edge.runtime import TfliteModel

from .tfjs.conftest import run_tfjs, web_folder
from .tfjs.engines import Engine, worst_error
from .tfjs.models import random_inputs, with_random_weights

__all__ = ["run_tfjs", "web_folder"]

# what is promised, relative to the largest output
TOLERANCE = 1e-4
# half precision rounds at 2^-11 (float16) or 2^-8 (bfloat16) in every operation; the converted
# models keep more digits in between than Keras does
HALF = {"mixed_float16": 1e-2, "mixed_bfloat16": 5e-2}

Make = Callable[[], keras.Model]


def _image(*stack: Any, size: tuple[int, ...] = (8, 8, 3)) -> Make:
    return lambda: with_random_weights(keras.Sequential([keras.Input(size), *stack]))


def _conv_1d() -> keras.Model:
    x = steps = keras.Input((16, 4))
    for options in ({"padding": "causal", "dilation_rate": 2}, {"strides": 2}):
        x = layers.Conv1D(6, 3, activation="relu", **options)(x)
    x = layers.SeparableConv1D(5, 3)(x)
    x = layers.Conv1DTranspose(3, 3, strides=2)(x)
    return with_random_weights(keras.Model(steps, layers.GlobalMaxPooling1D()(x)))


def _attention() -> keras.Model:
    steps = keras.Input((6, 8))
    x = layers.LayerNormalization()(steps + layers.MultiHeadAttention(2, 4)(steps, steps))
    x = layers.Attention()([x, x])
    return with_random_weights(keras.Model(steps, layers.Dense(3)(x)))


def _tokens() -> keras.Model:
    tokens = keras.Input((5,), dtype="int32", name="tokens")
    x = layers.Bidirectional(layers.GRU(3))(layers.Embedding(9, 4)(tokens))
    return with_random_weights(keras.Model(tokens, layers.Dense(2)(x)))


def _nested() -> keras.Model:
    inner_input = keras.Input((4,))
    inner = keras.Model(inner_input, layers.Dense(4, "tanh")(inner_input), name="inner")
    first, second = keras.Input((4,), name="z"), keras.Input((4,), name="a")
    joined = layers.Concatenate()([inner(first), inner(inner(second))])
    outputs = [layers.Dense(2, name="late")(joined), layers.Dense(3, name="early")(joined)]
    return with_random_weights(keras.Model([first, second], outputs))


def _mixed(policy: str) -> keras.Model:
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", dtype=policy)(image)
    x = layers.BatchNormalization(dtype=policy)(x)
    x = layers.GlobalAveragePooling2D(dtype=policy)(x)
    return with_random_weights(keras.Model(image, layers.Dense(3, dtype="float32")(x)))


def _quantised() -> keras.Model:
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, "relu"), layers.Dense(3)])
    for layer in with_random_weights(model).layers:
        layer.quantize("int8")
    return model


def _recurrent(layer: Any) -> Make:
    return lambda: with_random_weights(keras.Sequential([keras.Input((5, 3)), layer()]))


MODELS: dict[str, Make] = {
    "conv1d": _conv_1d,
    "transposed": _image(layers.Conv2DTranspose(4, 3, strides=2, padding="same")),
    "depthwise and separable": _image(layers.DepthwiseConv2D(3), layers.SeparableConv2D(4, 3)),
    "pooling": _image(
        layers.AveragePooling2D(2), layers.MaxPooling2D(2, padding="same", strides=1)
    ),
    "normalisations": _image(
        layers.BatchNormalization(),
        layers.LayerNormalization(),
        layers.GroupNormalization(3),
        layers.UnitNormalization(),
    ),
    "prelu": _image(layers.Conv2D(4, 3), layers.PReLU(shared_axes=[1, 2])),
    "gelu": _image(layers.Conv2D(4, 3, activation="gelu")),
    "swish and hard-swish": _image(
        layers.Conv2D(4, 3, activation="swish"), layers.Conv2D(4, 3, activation="hard_silu")
    ),
    "augmentation": _image(
        layers.RandomFlip(), layers.RandomRotation(0.2), layers.RandomZoom(0.3), layers.Conv2D(2, 3)
    ),
    "preprocessing": _image(
        layers.Resizing(6, 6), layers.CenterCrop(4, 4), layers.Rescaling(0.1, offset=-1)
    ),
    "attention": _attention,
    "embedding": _tokens,
    "nested, many inputs and outputs": _nested,
    "mixed_float16": lambda: _mixed("mixed_float16"),
    "mixed_bfloat16": lambda: _mixed("mixed_bfloat16"),
    "quantised by Keras": _quantised,
    "lstm": _recurrent(lambda: layers.LSTM(4)),
    "gru": _recurrent(lambda: layers.GRU(4, return_sequences=True)),
    "bidirectional": _recurrent(lambda: layers.Bidirectional(layers.LSTM(3))),
    "time distributed": _recurrent(lambda: layers.TimeDistributed(layers.Dense(2))),
}
TFLITE_ONLY: dict[str, Make] = {
    "conv3d": _image(layers.Conv3D(4, 2, activation="relu"), size=(5, 5, 5, 2)),
}


def _inputs_of(model: keras.Model) -> list[np.ndarray]:
    return random_inputs(model, batch=1, seed=1)


@pytest.mark.parametrize("kind", [*MODELS, *TFLITE_ONLY])
def test_tflite(kind: str) -> None:
    model = {**MODELS, **TFLITE_ONLY}[kind]()
    inputs, frozen = _inputs_of(model), freeze(model)

    content = float_tflite(model, frozen, batch=1)

    specs_in, specs_out = tflite_specs(content, frozen)
    given = {spec.name: x for spec, x in zip(specs_in, inputs, strict=True)}
    outputs = TfliteModel(content).run(given)
    actual = [outputs[spec.name] for spec in specs_out]
    assert worst_error(actual, layer_by_layer(model, inputs)) <= HALF.get(kind, TOLERANCE)


@pytest.mark.parametrize("kind", MODELS)
def test_tfjs(kind: str, run_tfjs: Engine) -> None:
    model = MODELS[kind]()
    inputs = _inputs_of(model)

    # the backend with the fewest kernels
    actual = run_tfjs(graph_model_files(freeze(model), "float32"), inputs, "wasm")

    assert worst_error(actual, layer_by_layer(model, inputs)) <= HALF.get(kind, TOLERANCE)
