"""Which Keras layers TF.js has, with which arguments, and where it computes something else.

Source: @tensorflow/tfjs-layers 4.22.0 (`dist/layers/*.js`), read and then measured: a test runs
every layer below in TF.js and compares it with Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Config = Mapping[str, Any]
Check = Callable[[Config], str | None]


@dataclass(frozen=True)
class LayerRule:
    """How a layer's configuration is written.

    Attributes:
        keys: arguments that both sides know and that matter.
        renamed: Keras' name of an argument to TF.js' name.
        weights: Keras' name of a weight to TF.js' name, where they differ.
        checks: each gives the reason why TF.js cannot be trusted with a configuration, or None;
            they see the layer's configuration and, where it was built, its `input_shape`.
    """

    keys: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()


def _only(key: str, expected: Any, reason: str) -> Check:
    """The check that an argument has the one value that TF.js knows."""

    def check(config: Config) -> str | None:
        value = config.get(key, expected)
        plain = list(value) if isinstance(value, tuple) else value
        return None if plain == expected else f"{reason} (got {key}={value!r})"

    return check


def _no_dilation(config: Config) -> str | None:
    rates = config.get("dilation_rate", 1)
    if all(rate == 1 for rate in (rates if isinstance(rates, (list, tuple)) else [rates])):
        return None
    return f"TF.js ignores its dilation (got dilation_rate={rates!r})"


def _last_axis(config: Config) -> str | None:
    axis, shape = config["axis"], config.get("input_shape")
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if axes == [-1] or (shape is not None and axes == [len(shape) - 1]):
        return None
    return f"TF.js computes it right along the last axis only (got axis={axis!r})"


def _not_causal(config: Config) -> str | None:
    return "TF.js has no causal padding" if config["padding"] == "causal" else None


_CHANNELS_LAST = _only(
    "data_format", "channels_last", "the cpu and wasm backends want channels last"
)
_NO_GROUPS = _only("groups", 1, "TF.js has no grouped convolutions")
_NO_OUTPUT_PADDING = _only("output_padding", None, "TF.js ignores output padding")
_STATELESS = _only("stateful", False, "its state would differ between batches")

_CONVOLUTION = (
    *("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate"),
    *("activation", "use_bias", "kernel_initializer", "bias_initializer"),
    *("kernel_regularizer", "bias_regularizer", "activity_regularizer"),
)
_DEPTHWISE = (
    *("kernel_size", "strides", "padding", "data_format", "depth_multiplier", "activation"),
    *("use_bias", "depthwise_initializer", "bias_initializer", "depthwise_regularizer"),
    "bias_regularizer",
)
_POOLING = ("pool_size", "strides", "padding", "data_format")
_RECURRENT = (
    *("units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer"),
    *("bias_initializer", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer"),
    *("return_sequences", "return_state", "go_backwards", "unroll"),
)

_convolution = LayerRule(_CONVOLUTION, checks=(_CHANNELS_LAST, _NO_GROUPS))
_transposed = LayerRule(
    tuple(k for k in _CONVOLUTION if k != "dilation_rate"),
    checks=(_CHANNELS_LAST, _no_dilation, _NO_OUTPUT_PADDING),
)
_pooling = LayerRule(_POOLING, checks=(_CHANNELS_LAST,))
_global_pooling_1d = LayerRule(
    checks=(_CHANNELS_LAST, _only("keepdims", False, "TF.js drops the pooled axes"))
)
_global_pooling_2d = LayerRule(("data_format",), checks=_global_pooling_1d.checks)
_merge = LayerRule()

RULES: dict[str, LayerRule] = {
    "Activation": LayerRule(("activation",)),
    "Add": _merge,
    "AlphaDropout": LayerRule(("rate",)),
    "Average": _merge,
    "AveragePooling1D": _pooling,
    "AveragePooling2D": _pooling,
    "BatchNormalization": LayerRule(
        (
            *("axis", "momentum", "epsilon", "center", "scale", "beta_initializer"),
            *("gamma_initializer", "moving_mean_initializer", "moving_variance_initializer"),
            *("beta_regularizer", "gamma_regularizer"),
        ),
        checks=(_last_axis,),
    ),
    "Concatenate": LayerRule(("axis",)),
    "Conv1D": LayerRule(_CONVOLUTION, checks=(*_convolution.checks, _not_causal)),
    "Conv2D": _convolution,
    "Conv2DTranspose": _transposed,
    "Cropping2D": LayerRule(("cropping", "data_format"), checks=(_CHANNELS_LAST,)),
    "Dense": LayerRule(
        (
            *("units", "activation", "use_bias", "kernel_initializer", "bias_initializer"),
            *("kernel_regularizer", "bias_regularizer", "activity_regularizer"),
        )
    ),
    "DepthwiseConv2D": LayerRule(
        _DEPTHWISE,
        weights={"kernel": "depthwise_kernel"},
        checks=(_CHANNELS_LAST, _no_dilation),
    ),
    "Dropout": LayerRule(("rate",)),
    "ELU": LayerRule(checks=(_only("alpha", 1.0, "TF.js has one slope only"),)),
    "Embedding": LayerRule(
        ("input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer"),
        checks=(_only("mask_zero", False, "its masks are not verified"),),
    ),
    "Flatten": LayerRule(("data_format",), checks=(_CHANNELS_LAST,)),
    "GRU": LayerRule(
        (*_RECURRENT, "recurrent_activation"),
        checks=(_STATELESS, _only("reset_after", False, "TF.js has the reset gate before only")),
    ),
    "GaussianDropout": LayerRule(("rate",)),
    "GaussianNoise": LayerRule(("stddev",)),
    "GlobalAveragePooling1D": _global_pooling_1d,
    "GlobalAveragePooling2D": _global_pooling_2d,
    "GlobalMaxPooling1D": _global_pooling_1d,
    "GlobalMaxPooling2D": _global_pooling_2d,
    "LSTM": LayerRule(
        (*_RECURRENT, "recurrent_activation", "unit_forget_bias"), checks=(_STATELESS,)
    ),
    "LayerNormalization": LayerRule(
        (
            *("axis", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer"),
            *("beta_regularizer", "gamma_regularizer"),
        ),
        checks=(_last_axis, _only("rms_scaling", False, "TF.js always subtracts the mean")),
    ),
    "LeakyReLU": LayerRule(renamed={"negative_slope": "alpha"}),
    "MaxPooling1D": _pooling,
    "MaxPooling2D": _pooling,
    "Maximum": _merge,
    "Minimum": _merge,
    "Multiply": _merge,
    "PReLU": LayerRule(("alpha_initializer", "alpha_regularizer", "shared_axes")),
    "Permute": LayerRule(("dims",)),
    "ReLU": LayerRule(
        ("max_value",),
        checks=(
            _only("negative_slope", 0.0, "TF.js ignores it"),
            _only("threshold", 0.0, "TF.js ignores it"),
        ),
    ),
    "RepeatVector": LayerRule(("n",)),
    "Rescaling": LayerRule(("scale", "offset")),
    "Reshape": LayerRule(("target_shape",)),
    "SeparableConv2D": LayerRule(
        (
            *(k for k in _CONVOLUTION if not k.startswith("kernel_") or k == "kernel_size"),
            *("depth_multiplier", "depthwise_initializer", "pointwise_initializer"),
            *("depthwise_regularizer", "pointwise_regularizer"),
        ),
        checks=(_CHANNELS_LAST,),
    ),
    "SimpleRNN": LayerRule(_RECURRENT, checks=(_STATELESS,)),
    "Softmax": LayerRule(("axis",), checks=(_last_axis,)),
    "SpatialDropout1D": LayerRule(("rate",)),
    "UpSampling2D": LayerRule(
        ("size", "data_format", "interpolation"),
        checks=(
            _CHANNELS_LAST,
            _only("interpolation", "nearest", "TF.js takes other sampling points"),
        ),
    ),
    "ZeroPadding2D": LayerRule(("padding", "data_format"), checks=(_CHANNELS_LAST,)),
}

# do nothing at inference, and TF.js has none of them
_TRAINING_ONLY = """
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert
    RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness
    RandomShear RandomTranslation RandomZoom SpatialDropout2D SpatialDropout3D
"""
TRAINING_ONLY = frozenset(_TRAINING_ONLY.split())

REASONS: dict[str, str] = {
    "Resizing": "TF.js samples with aligned corners, Keras with half-pixel centres",
    "CenterCrop": "TF.js resizes where Keras crops",
    "Bidirectional": "its weights are ordered differently in TF.js",
    "Lambda": "it holds Python code",
}

ACTIVATIONS: dict[str, str] = {
    **{
        name: name
        for name in (
            *("elu", "linear", "relu", "relu6", "selu", "sigmoid", "softmax", "softplus"),
            *("softsign", "tanh", "gelu", "mish", "swish", "log_softmax"),
        )
    },
    "silu": "swish",
}
_INITIALIZERS = """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones Orthogonal
    RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
"""
INITIALIZERS = frozenset(_INITIALIZERS.split())
