"""Models of every kind of layer: each float variant gives Keras' answers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import FrozenGraph, freeze
from edgeproof.convert.keras_outputs import layer_by_layer
from edgeproof.convert.quantise import quantised_tflite
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
# models keep more digits in between than Keras does. Measured: 2.7e-4 and 2.8e-3
HALF = {"mixed_float16": 1e-3, "mixed_bfloat16": 1e-2}

# what the weights of float16 files may cost: 2^-11 each, over a layer or two
HALF_WEIGHTS = 2e-3
Make = Callable[[], keras.Model]


def _image(*stack: Any, size: tuple[int, ...] = (8, 8, 3)) -> Make:
    return lambda: with_random_weights(keras.Sequential([keras.Input(size), *stack]))


def _each(shape: tuple[int, ...], *made: Any, dtype: str = "float32") -> Make:
    """A model with one output per layer, or per function of the input."""

    def make() -> keras.Model:
        given = keras.Input(shape, dtype=dtype)
        return with_random_weights(keras.Model(given, [layer(given) for layer in made]))

    return make


def _since_keras_3_13(name: str, *arguments: Any) -> list[keras.layers.Layer]:
    """The layer, where this Keras has it: Python 3.10 gets Keras 3.12."""
    kind = getattr(keras.layers, name, None)
    return [] if kind is None else [kind(*arguments)]


def _with_itself(layer: keras.layers.Layer, **options: Any) -> Callable[[Any], Any]:
    """Attention of a sequence to itself."""
    return lambda x: layer([x, x], **options)


def _query_and_value(layer: keras.layers.Layer, **options: Any) -> Callable[[Any], Any]:
    return lambda x: layer(x, x, **options)


def _merged(layer: keras.layers.Layer) -> Callable[[Any], Any]:
    return lambda x: layer([x, layers.ReLU()(x)])


def _embedded(layer: keras.layers.Layer) -> Callable[[Any], Any]:
    return lambda x: layer(layers.Embedding(9, 4, mask_zero=True)(x))


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
    model = with_random_weights(
        keras.Sequential([keras.Input((6,)), layers.Dense(8, "relu"), layers.Dense(3)])
    )
    with warnings.catch_warnings():
        # of the input layer, which has nothing to quantise
        warnings.filterwarnings("ignore", "Layer InputLayer does not have a `quantize` method")
        model.quantize("int8")
    return model


# `threshold` takes two arguments; sparsemax sorts, with a batch that both runtimes get wrong
_ACTIVATIONS = [
    *("celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu"),
    *("hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6"),
    *("selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus"),
    *("sparse_sigmoid", "squareplus", "tanh", "tanh_shrink"),
]
_RANDOM = [
    *((name, ()) for name in ("RandomFlip", "RandomGrayscale", "RandomErasing", "RandomInvert")),
    *((name, ()) for name in ("RandomPerspective", "RandomGaussianBlur", "RandomColorJitter")),
    *((name, ()) for name in ("RandomElasticTransform", "MixUp", "CutMix", "RandAugment")),
    *((name, (0.2,)) for name in ("RandomRotation", "RandomZoom", "RandomContrast", "RandomHue")),
    *((name, (0.2,)) for name in ("RandomBrightness", "RandomSaturation", "RandomSharpness")),
    *((name, (0.2,)) for name in ("RandomShear", "RandomColorDegeneration", "GaussianNoise")),
    *((name, (0.2,)) for name in ("GaussianDropout", "AlphaDropout", "SpatialDropout2D")),
    ("RandomPosterization", (4,)),
    ("RandomTranslation", (0.1, 0.1)),
]
_IMAGE, _SEQUENCE, _VOLUME = (8, 8, 3), (6, 4), (5, 5, 5, 2)

MODELS: dict[str, Make] = {
    "conv1d": _each(
        _SEQUENCE,
        layers.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="relu"),
        layers.Conv1D(6, 3, strides=2),
        layers.DepthwiseConv1D(3),
        layers.SeparableConv1D(5, 3),
        layers.Conv1DTranspose(3, 3, strides=2),
    ),
    "conv2d": _each(
        _IMAGE,
        layers.Conv2D(4, 3, dilation_rate=2),
        layers.Conv2D(6, 3, groups=3, strides=2),
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.DepthwiseConv2D(3, dilation_rate=2),
        layers.SeparableConv2D(4, 3, dilation_rate=2),
        layers.Conv2DTranspose(4, 3, strides=2, padding="same"),
        layers.Conv2DTranspose(4, 3, strides=2, output_padding=1),
    ),
    "conv3d": _image(
        layers.Conv3D(4, 2, activation="relu"), layers.Conv3D(2, 2, strides=2), size=_VOLUME
    ),
    "pooling": _each(
        _IMAGE,
        layers.AveragePooling2D(2),
        layers.MaxPooling2D(2, padding="same", strides=1),
        layers.GlobalAveragePooling2D(),
        layers.GlobalMaxPooling2D(keepdims=True),
        *_since_keras_3_13("AdaptiveAveragePooling2D", 3),
        *_since_keras_3_13("AdaptiveMaxPooling2D", 3),
    ),
    "pooling in one dimension": _each(
        _SEQUENCE,
        layers.MaxPooling1D(2),
        layers.AveragePooling1D(2),
        layers.GlobalAveragePooling1D(),
        layers.GlobalMaxPooling1D(),
    ),
    "pooling in three dimensions": _each(
        _VOLUME, layers.GlobalAveragePooling3D(), layers.GlobalMaxPooling3D()
    ),
    "normalisations": _each(
        _IMAGE,
        layers.BatchNormalization(),
        layers.BatchNormalization(axis=1),
        layers.LayerNormalization(),
        layers.LayerNormalization(axis=[1, 2]),
        layers.GroupNormalization(3),
        layers.UnitNormalization(),
        layers.RMSNormalization(),
        layers.SpectralNormalization(layers.Conv2D(4, 3)),
    ),
    "activations": _each((6,), *(layers.Activation(name) for name in _ACTIVATIONS)),
    "activation layers": _each(
        _IMAGE,
        layers.LeakyReLU(),
        layers.ELU(0.5),
        layers.PReLU(),
        layers.PReLU(shared_axes=[1, 2]),
        layers.ReLU(max_value=4, negative_slope=0.1, threshold=0.2),
        layers.Softmax(axis=1),
    ),
    "fused activations": _image(
        layers.Conv2D(4, 3, activation="gelu"),
        layers.Conv2D(4, 1, activation="swish"),
        layers.Conv2D(4, 3, activation="hard_silu"),
    ),
    "augmentation": _image(
        *(getattr(layers, name)(*arguments) for name, arguments in _RANDOM), layers.Conv2D(2, 3)
    ),
    "preprocessing": _image(
        layers.Resizing(6, 6),
        layers.CenterCrop(4, 4),
        layers.Rescaling(0.1, offset=-1),
        layers.Normalization(mean=[1.0, 2, 3], variance=[1.0, 4, 9]),
        layers.Normalization(mean=1.0, variance=2.0, invert=True),
    ),
    "shapes": _each(
        _IMAGE,
        layers.UpSampling2D(2),
        layers.UpSampling2D(2, interpolation="bilinear"),
        layers.Resizing(12, 10, interpolation="nearest"),
        layers.Cropping2D(1),
        layers.ZeroPadding2D(2),
        layers.Permute((3, 1, 2)),
        layers.Reshape((4, -1)),
        layers.Flatten(),
    ),
    "shapes in one dimension": _each(
        _SEQUENCE, layers.UpSampling1D(2), layers.Cropping1D(1), layers.ZeroPadding1D(2)
    ),
    "shapes in three dimensions": _each(
        _VOLUME, layers.UpSampling3D(2), layers.Cropping3D(1), layers.ZeroPadding3D(1)
    ),
    "merging": _each(
        (6,),
        *(
            _merged(layer)
            for layer in (
                *(layers.Add(), layers.Subtract(), layers.Multiply(), layers.Average()),
                *(layers.Maximum(), layers.Minimum(), layers.Concatenate(), layers.Dot(1)),
            )
        ),
    ),
    "attention": _each(
        (6, 8),
        _with_itself(layers.Attention()),
        _with_itself(layers.Attention(use_scale=True), use_causal_mask=True),
        _with_itself(layers.AdditiveAttention()),
        _query_and_value(layers.MultiHeadAttention(2, 4)),
        _query_and_value(layers.MultiHeadAttention(2, 4), use_causal_mask=True),
        _query_and_value(layers.GroupQueryAttention(4, 4, 2)),
        layers.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d"),
    ),
    "embedding": _each(
        (5,),
        layers.Embedding(9, 4),
        *_since_keras_3_13("ReversibleEmbedding", 9, 4),
        _embedded(layers.GlobalAveragePooling1D()),
        _embedded(layers.LSTM(3)),
        _embedded(layers.Bidirectional(layers.GRU(3, return_sequences=True))),
        dtype="int32",
    ),
    "categories": _each((4,), layers.CategoryEncoding(6, "one_hot"), dtype="int32"),
    "nested, many inputs and outputs": _nested,
    "mixed_float16": lambda: _mixed("mixed_float16"),
    "mixed_bfloat16": lambda: _mixed("mixed_bfloat16"),
    "quantised by Keras": _quantised,
    "recurrent": _each(
        _SEQUENCE,
        layers.LSTM(4),
        layers.GRU(4, return_sequences=True),
        layers.GRU(3, reset_after=False),
        layers.SimpleRNN(3, go_backwards=True),
        layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)]),
        layers.Bidirectional(layers.LSTM(3)),
        layers.TimeDistributed(layers.Dense(2)),
    ),
    "recurrent convolutions": _image(
        layers.ConvLSTM2D(2, 3, return_sequences=True), layers.ConvLSTM2D(2, 2), size=(3, 6, 6, 2)
    ),
}
TFLITE_ONLY: dict[str, Make] = {
    "conv3d, transposed": _image(
        layers.Conv3DTranspose(2, 3, strides=2, padding="same"), size=_VOLUME
    ),
    "buckets": _each((4,), layers.Discretization([-0.5, 0.0, 0.5])),
}
TFJS_ONLY: dict[str, Make] = {
    "average pooling in three dimensions": _image(layers.AveragePooling3D(2), size=_VOLUME),
    "counted categories": _each(
        (3,),
        layers.CategoryEncoding(6, "multi_hot"),
        layers.CategoryEncoding(6, "count"),
        dtype="int32",
    ),
}


def _inputs_of(model: keras.Model) -> list[np.ndarray]:
    return random_inputs(model, batch=1, seed=1)


@pytest.fixture(scope="module")
def converted() -> dict[str, tuple[list[np.ndarray], list[np.ndarray], FrozenGraph, Any]]:
    """Inputs, Keras' answers, the frozen graph and the model of each kind, made when asked for."""
    return {}


def _made(kind: str, known: dict[str, Any]) -> Any:
    if kind not in known:
        # kernels that are the same in every run: some others are rounded less kindly in 16 bits
        keras.utils.set_random_seed(0)
        model = {**MODELS, **TFLITE_ONLY, **TFJS_ONLY}[kind]()
        inputs = _inputs_of(model)
        known[kind] = inputs, layer_by_layer(model, inputs), freeze(model), model
    return known[kind]


@pytest.mark.parametrize("kind", [*MODELS, *TFLITE_ONLY])
def test_tflite(kind: str, converted: dict[str, Any]) -> None:
    inputs, expected, frozen, model = _made(kind, converted)

    whole = float_tflite(model, frozen, batch=1)

    limit = HALF.get(kind, TOLERANCE)
    for content, tolerance in (
        (whole, limit),
        (quantised_tflite(whole, "float16"), max(limit, HALF_WEIGHTS)),
    ):
        specs_in, specs_out = tflite_specs(content, frozen)
        given = {spec.name: x for spec, x in zip(specs_in, inputs, strict=True)}
        outputs = TfliteModel(content).run(given)
        actual = [outputs[spec.name] for spec in specs_out]
        assert worst_error(actual, expected) <= tolerance


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
@pytest.mark.parametrize("kind", [*MODELS, *TFJS_ONLY])
def test_tfjs(kind: str, backend: str, converted: dict[str, Any], run_tfjs: Engine) -> None:
    inputs, expected, frozen, _ = _made(kind, converted)

    actual = run_tfjs(graph_model_files(frozen, "float32"), inputs, backend)

    assert worst_error(actual, expected) <= HALF.get(kind, TOLERANCE)


REFUSED: dict[str, tuple[Make, str | None, str | None]] = {
    # kind: model, what TFLite's error says, what TF.js' says
    "buckets, encoded": (
        _each((4,), layers.Discretization([0.0, 0.5], output_mode="multi_hot")),
        "DenseBincount",
        "Bucketize in layer discretization",
    ),
    "hashing": (
        _each((3,), layers.Hashing(6), dtype="int32"),
        "AsString",
        "runs on 32-bit integers",
    ),
    "conv3d, transposed": (TFLITE_ONLY["conv3d, transposed"], None, "Conv3DBackpropInputV2"),
    "bicubic": (
        _image(layers.Resizing(5, 7, interpolation="bicubic")),
        "ResizeBicubic",
        "ResizeBicubic in layer resizing",
    ),
    "average pooling in three dimensions": (
        TFJS_ONLY["average pooling in three dimensions"],
        "AvgPool3D",
        None,
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_a_format_lacks_is_an_error_that_names_it(kind: str) -> None:
    make, in_tflite, in_tfjs = REFUSED[kind]
    model = make()
    frozen = freeze(model)
    if in_tflite is not None:
        with pytest.raises(ConvertError, match=in_tflite):
            float_tflite(model, frozen, batch=1)
    if in_tfjs is not None:
        with pytest.raises(ConvertError, match=in_tfjs):
            graph_model_files(frozen, "float32")


def test_lookup_tables_are_refused() -> None:
    table = _each((3,), layers.IntegerLookup(vocabulary=[1, 2, 3]), dtype="int32")
    with pytest.raises(ConvertError, match=r"state is in its weights.*move them out of the model"):
        freeze(table())
