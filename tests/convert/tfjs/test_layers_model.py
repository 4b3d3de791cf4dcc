"""Written layers models in real TF.js engines, against Keras."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.tfjs.layers_model import UnsupportedLayer, layers_model_files
from edgeproof.convert.tfjs.reader import read_weights

from . import models
from .engines import Engine, worst_error

TOLERANCE = 1e-5
_ACTIVATIONS = """
elu relu relu6 selu sigmoid softmax softplus softsign tanh gelu mish swish silu log_softmax
"""
_ON_IMAGES: list[keras.layers.Layer] = [
    layers.Conv2D(3, 3),
    layers.Conv2D(3, 3, padding="same", strides=2, activation="relu"),
    layers.Conv2D(3, (3, 2), dilation_rate=2, use_bias=False, kernel_regularizer="l2"),
    layers.Conv2D(2, 1, kernel_initializer="he_normal", kernel_constraint="unit_norm"),
    layers.DepthwiseConv2D(3, padding="same"),
    layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2, activation="relu6"),
    layers.SeparableConv2D(5, 3, padding="same"),
    layers.SeparableConv2D(5, 3, strides=2, activation="elu"),
    layers.Conv2DTranspose(3, 3, strides=2, padding="same"),
    layers.BatchNormalization(),
    layers.BatchNormalization(scale=False),
    layers.BatchNormalization(center=False, epsilon=0.1),
    layers.LayerNormalization(),
    layers.MaxPooling2D(),
    layers.MaxPooling2D(3, 2, padding="same"),
    layers.AveragePooling2D(2, padding="same"),
    layers.GlobalAveragePooling2D(),
    layers.GlobalMaxPooling2D(),
    layers.ReLU(),
    layers.ReLU(max_value=6),
    layers.LeakyReLU(0.2),
    layers.ELU(),
    layers.PReLU(),
    layers.PReLU(shared_axes=[1, 2]),
    layers.Softmax(),
    layers.Dropout(0.4),
    layers.SpatialDropout2D(0.3),
    layers.GaussianNoise(0.3),
    layers.GaussianDropout(0.2),
    layers.Flatten(),
    layers.Reshape((9, 36)),
    layers.Reshape((-1, 4)),
    layers.Permute((3, 1, 2)),
    layers.ZeroPadding2D(((1, 0), (2, 3))),
    layers.Cropping2D(((1, 2), (0, 1))),
    layers.UpSampling2D((2, 3)),
    layers.Rescaling(1 / 127.5, -1),
    layers.Rescaling([0.1, 0.2, 0.3, 0.4], [1.0, 2, 3, 4]),
    layers.Dense(3),
    layers.Dense(3, kernel_initializer="orthogonal", activity_regularizer="l2"),
    layers.RandomFlip(),
    # what TF.js has under another name
    layers.ReLU(negative_slope=0.2),
    layers.ReLU(threshold=0.5),
    layers.Identity(),
    layers.ActivityRegularization(0.1),
    layers.CenterCrop(4, 3),
    layers.Normalization(mean=[1.0, -2, 3, 0], variance=[4.0, 9, 0.25, 0]),
    layers.Normalization(axis=None, mean=2.0, variance=9.0),
    layers.GlobalAveragePooling2D(keepdims=True),
    layers.GlobalMaxPooling2D(keepdims=True),
    # channels first, as far as Keras runs it on a processor
    *(
        make(data_format="channels_first")
        for make in (
            partial(layers.DepthwiseConv2D, 3),
            partial(layers.MaxPooling2D, 2),
            partial(layers.AveragePooling2D, 2),
            layers.GlobalAveragePooling2D,
            layers.GlobalMaxPooling2D,
            partial(layers.ZeroPadding2D, ((1, 2), (0, 1))),
            partial(layers.Cropping2D, ((1, 2), (0, 1))),
            layers.UpSampling2D,
            layers.Flatten,
        )
    ),
]
_ON_VOLUMES: list[keras.layers.Layer] = [
    layers.Conv3D(2, 3, strides=2, padding="same", activation="relu"),
    layers.Conv3D(2, 2, dilation_rate=2),
    layers.MaxPooling3D(2),
    layers.AveragePooling3D(2, padding="same", strides=1),
    layers.GlobalAveragePooling3D(keepdims=True),
]
_ON_SEQUENCES: list[keras.layers.Layer] = [
    layers.Conv1D(3, 3),
    layers.Conv1D(3, 3, padding="same", strides=2),
    layers.Conv1D(3, 2, dilation_rate=2),
    layers.MaxPooling1D(),
    layers.AveragePooling1D(2, padding="same"),
    layers.GlobalAveragePooling1D(),
    layers.GlobalMaxPooling1D(),
    layers.SpatialDropout1D(0.3),
    layers.Dense(3, activation="relu"),
    layers.LSTM(3),
    layers.LSTM(3, return_sequences=True, go_backwards=True),
    layers.LSTM(3, use_bias=False, unroll=True),
    layers.GRU(3, reset_after=False),
    layers.GlobalAveragePooling1D(keepdims=True),
    layers.SimpleRNN(3, activation="relu"),
    layers.BatchNormalization(),
]


def _every_layer() -> tuple[keras.Model, list[str]]:
    """One model with each layer as a branch: one start of Node for all of them."""
    image, sequence = keras.Input((9, 9, 4), name="image"), keras.Input((8, 4), name="sequence")
    vector, index = keras.Input((6,), name="vector"), keras.Input((5,), dtype="int32", name="index")
    volume, other = keras.Input((5, 5, 5, 2), name="volume"), keras.Input((3, 4), name="other")
    branches: list[tuple[keras.layers.Layer, Any]] = [
        *((layers.Activation(name), vector) for name in _ACTIVATIONS.split()),
        *((layer, image) for layer in _ON_IMAGES),
        *((layer, sequence) for layer in _ON_SEQUENCES),
        *((layer, volume) for layer in _ON_VOLUMES),
        (layers.Flatten(), vector),
        (layers.Dot(1), [vector, layers.ReLU()(vector)]),
        (layers.Dot(-1, normalize=True), [sequence, other]),
        (layers.Dot((2, 2)), [other, sequence]),
        (layers.Dense(3, activation="softmax"), vector),
        (layers.RepeatVector(3), vector),
        (layers.Embedding(10, 4), index),
    ]
    for merge in ("Add", "Average", "Maximum", "Minimum", "Multiply", "Concatenate"):
        branches.append((getattr(layers, merge)(), [image, layers.ReLU()(image)]))
    outputs = [layer(x) for layer, x in branches]
    # an output of TF.js must come from a layer of its own
    outputs = [layers.Activation("linear")(output) for output in outputs]
    model = keras.Model([image, sequence, vector, index, volume, other], outputs)
    names = [f"{type(layer).__name__} {layer.get_config()}" for layer, _ in branches]
    return models.with_random_weights(model), names


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_every_layer_computes_what_keras_does(backend: str, run_tfjs: Engine) -> None:
    model, names = _every_layer()
    inputs = models.random_inputs(model)
    expected = models.keras_outputs(model, inputs)
    actual = run_tfjs(layers_model_files(model), inputs, backend)
    assert len(actual) == len(names)
    errors = {
        name: worst_error([a], [e]) for name, a, e in zip(names, actual, expected, strict=True)
    }
    assert {name: error for name, error in errors.items() if error > TOLERANCE} == {}


def _nested() -> keras.Model:
    first, second = keras.Input((8,)), keras.Input((8,))
    stack = keras.Sequential(
        [keras.Input((8,)), layers.Dense(8, name="same_name"), layers.Dense(8)], name="stack"
    )
    inner = keras.Input((8,))
    same = layers.Dense(8, name="same_name")(inner)
    graph = keras.Model(inner, [same, layers.Dense(4)(inner)], name="graph")
    shared = layers.Dense(8, name="same_name")
    (a, b), (c, d) = graph(first), graph(second)
    joined = layers.Add()([stack(shared(first)), stack(shared(second)), a, c])
    return models.with_random_weights(
        keras.Model([first, second], [joined, d, layers.Concatenate()([b, d]), stack(first)])
    )


def _deep_stack() -> keras.Model:
    inner = keras.Sequential([keras.Input((8, 8, 4)), layers.Conv2D(3, 3), layers.Flatten()])
    model = keras.Sequential([keras.Input((8, 8, 4)), layers.RandomRotation(0.1), inner])
    model.add(layers.Dense(2))
    return models.with_random_weights(model)


@pytest.mark.parametrize(
    "make",
    [models.image_classifier, models.many_inputs_and_outputs, _nested, _deep_stack],
)
def test_whole_models_compute_what_keras_does(make: Any, run_tfjs: Engine) -> None:
    model = make()
    inputs = models.random_inputs(model)
    expected = models.keras_outputs(model, inputs)
    files = layers_model_files(model)
    assert worst_error(run_tfjs(files, inputs, "wasm"), expected) <= TOLERANCE


def test_one_altered_weight_byte_is_seen(run_tfjs: Engine) -> None:
    model = models.image_classifier()
    inputs = models.random_inputs(model)
    files = layers_model_files(model)
    shard = bytearray(files["group1-shard1of1.bin"])
    shard[3] ^= 0x40
    damaged = {**files, "group1-shard1of1.bin": bytes(shard)}
    actual = run_tfjs(damaged, inputs, "wasm")
    assert worst_error(actual, models.keras_outputs(model, inputs)) > TOLERANCE


def test_weights_are_named_as_tfjs_names_them() -> None:
    model = keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            layers.DepthwiseConv2D(2, name="dw"),
            layers.BatchNormalization(name="bn"),
        ]
    )
    files = layers_model_files(model)
    document = json.loads(files["model.json"])
    assert list(read_weights(document, files)) == [
        *("dw/depthwise_kernel", "dw/bias"),
        *("bn/gamma", "bn/beta", "bn/moving_mean", "bn/moving_variance"),
    ]


def test_augmentation_is_left_out_and_dropout_kept() -> None:
    document = json.loads(layers_model_files(models.image_classifier())["model.json"])
    kinds = [x["class_name"] for x in document["modelTopology"]["model_config"]["config"]["layers"]]
    assert "RandomFlip" not in kinds
    assert "Dropout" in kinds


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (layers.Resizing(4, 4), "aligned corners"),
        (layers.UpSampling2D(interpolation="bilinear"), "other sampling points"),
        (layers.ReLU(negative_slope=0.1, max_value=6), "negative_slope=0.1"),
        (layers.ReLU(threshold=0.1, max_value=6), "threshold=0.1"),
        (layers.DepthwiseConv2D(2, dilation_rate=2), "ignores its dilation"),
        (layers.Conv2D(4, 1, groups=2), "grouped"),
        (layers.BatchNormalization(axis=1), "last axis"),
        (layers.Softmax(axis=1), "last axis"),
        (layers.Conv2D(4, 1, activation="hard_sigmoid"), "hard_sigmoid"),
        (layers.Activation(keras.activations.celu), "celu"),
        (layers.CenterCrop(9, 9), "resizes where Keras crops"),
        (layers.Normalization(mean=1.0, variance=2.0, invert=True), "no such layer"),
        (layers.SpectralNormalization(layers.Conv2D(4, 1)), "no such layer"),
        (layers.GroupNormalization(2), "no such layer"),
        (layers.ELU(0.5), "alpha=0.5"),
    ],
)
def test_layers_that_tfjs_lacks_or_computes_differently_are_refused(
    layer: keras.layers.Layer, reason: str
) -> None:
    model = keras.Sequential([keras.Input((8, 8, 4)), layer])
    with pytest.raises(UnsupportedLayer, match=rf"got {type(layer).__name__} .*{reason}.*graph"):
        layers_model_files(model)


def test_an_operation_outside_of_layers_is_refused() -> None:
    x = keras.Input((3,))
    with pytest.raises(UnsupportedLayer, match="outside of any layer"):
        layers_model_files(keras.Model(x, layers.ReLU()(x) + 1.0))


def test_quantised_layers_are_refused() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    model.layers[0].quantize("int8")
    with pytest.raises(UnsupportedLayer, match="no place for its weight kernel_scale"):
        layers_model_files(model)


def test_a_subclassed_model_is_refused() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x: object) -> object:
            return self.dense(x)

    model = Own()
    model(np.zeros((1, 3), np.float32))
    with pytest.raises(UnsupportedLayer, match="only Sequential and Functional"):
        layers_model_files(model)
