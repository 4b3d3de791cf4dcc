"""Which Keras layers TF.js has, with which arguments, and where it computes something else.

Source: @tensorflow/tfjs-layers 4.22.0 (`dist/layers/*.js`), read and then measured: a test runs
every layer below in TF.js and compares it with Keras.
"""

from __future__ import annotations

from edgeproof.convert.tfjs.layer_rule import (
    LayerRule,
    at_most_rank,
    last_axis,
    no_dilation,
    not_causal,
    only,
)

# TF.js transposes in its two-dimensional layers; the others mistake an axis
_CHANNELS_LAST = only("data_format", "channels_last", "TF.js takes it with channels last only")
_NO_GROUPS = only("groups", 1, "TF.js has no grouped convolutions")
_NO_OUTPUT_PADDING = only("output_padding", None, "TF.js ignores output padding")
_STATELESS = only("stateful", False, "its state would differ between batches")
_RESET_BEFORE = only("reset_after", False, "TF.js has the reset gate before only")

_CONVOLUTION = (
    *("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate"),
    *("activation", "use_bias", "kernel_initializer", "bias_initializer"),
    *("kernel_regularizer", "bias_regularizer"),
)
_DEPTHWISE = (
    *("kernel_size", "strides", "padding", "data_format", "depth_multiplier", "activation"),
    *("use_bias", "depthwise_initializer", "bias_initializer", "depthwise_regularizer"),
    "bias_regularizer",
)
_POOLING = ("pool_size", "strides", "padding", "data_format")
_CELL = (
    *("units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer"),
    *("bias_initializer", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer"),
)
# not `unroll`: TF.js' loops run in JavaScript, and it warns that it ignores it
_SEQUENCE = ("return_sequences", "return_state", "go_backwards")

_convolution = LayerRule(_CONVOLUTION, checks=(_CHANNELS_LAST, _NO_GROUPS))
_transposed = LayerRule(
    tuple(k for k in _CONVOLUTION if k != "dilation_rate"),
    checks=(_CHANNELS_LAST, no_dilation, _NO_OUTPUT_PADDING),
)
_pooling = LayerRule(_POOLING, checks=(_CHANNELS_LAST,))
_pooling_2d = LayerRule(_POOLING)
_global_pooling_1d = LayerRule(
    checks=(_CHANNELS_LAST, only("keepdims", False, "TF.js drops the pooled axes"))
)
_global_pooling_2d = LayerRule(("data_format",), checks=_global_pooling_1d.checks[1:])
_merge = LayerRule()
_simple_cell = LayerRule(_CELL)
_gru_cell = LayerRule((*_CELL, "recurrent_activation"), checks=(_RESET_BEFORE,))
_lstm_cell = LayerRule((*_CELL, "recurrent_activation", "unit_forget_bias"))


def _recurrent(cell: LayerRule) -> LayerRule:
    return LayerRule((*cell.keys, *_SEQUENCE), checks=(*cell.checks, _STATELESS))


# what an RNN layer may be built of
CELLS: dict[str, LayerRule] = {
    "GRUCell": _gru_cell,
    "LSTMCell": _lstm_cell,
    "SimpleRNNCell": _simple_cell,
}

RULES: dict[str, LayerRule] = {
    "Activation": LayerRule(("activation",)),
    "Add": _merge,
    "AlphaDropout": LayerRule(("rate",)),
    "Average": _merge,
    "AveragePooling1D": _pooling,
    "AveragePooling2D": _pooling_2d,
    "AveragePooling3D": _pooling,
    "BatchNormalization": LayerRule(
        (
            *("axis", "momentum", "epsilon", "center", "scale", "beta_initializer"),
            *("gamma_initializer", "moving_mean_initializer", "moving_variance_initializer"),
            *("beta_regularizer", "gamma_regularizer"),
        ),
        checks=(last_axis, at_most_rank(4)),
    ),
    "Concatenate": LayerRule(("axis",)),
    "Conv1D": LayerRule(_CONVOLUTION, checks=(*_convolution.checks, not_causal)),
    "Conv2D": _convolution,
    "Conv2DTranspose": _transposed,
    "Conv3D": _convolution,
    "ConvLSTM2D": LayerRule(
        (
            *(k for k in (*_lstm_cell.keys, *_SEQUENCE) if k != "units"),
            *("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate"),
        ),
        checks=(_CHANNELS_LAST, _STATELESS),
    ),
    "Cropping2D": LayerRule(("cropping", "data_format")),
    "Dense": LayerRule(
        (
            *("units", "activation", "use_bias", "kernel_initializer", "bias_initializer"),
            *("kernel_regularizer", "bias_regularizer"),
        )
    ),
    "DepthwiseConv2D": LayerRule(
        _DEPTHWISE,
        weights={"kernel": "depthwise_kernel"},
        checks=(no_dilation,),
    ),
    "Dot": LayerRule(("axes", "normalize")),
    "Dropout": LayerRule(("rate",)),
    "ELU": LayerRule(checks=(only("alpha", 1.0, "TF.js has one slope only"),)),
    "Embedding": LayerRule(
        ("input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer", "mask_zero")
    ),
    "Flatten": LayerRule(("data_format",)),
    "GRU": _recurrent(_gru_cell),
    "GaussianDropout": LayerRule(("rate",)),
    "GaussianNoise": LayerRule(("stddev",)),
    "GlobalAveragePooling1D": _global_pooling_1d,
    "GlobalAveragePooling2D": _global_pooling_2d,
    "GlobalMaxPooling1D": _global_pooling_1d,
    "GlobalMaxPooling2D": _global_pooling_2d,
    "LSTM": _recurrent(_lstm_cell),
    "LayerNormalization": LayerRule(
        (
            *("axis", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer"),
            *("beta_regularizer", "gamma_regularizer"),
        ),
        checks=(last_axis, only("rms_scaling", False, "TF.js always subtracts the mean")),
    ),
    "LeakyReLU": LayerRule(renamed={"negative_slope": "alpha"}),
    "Masking": LayerRule(("mask_value",)),
    "MaxPooling1D": _pooling,
    "MaxPooling2D": _pooling_2d,
    "MaxPooling3D": _pooling,
    "Maximum": _merge,
    "Minimum": _merge,
    "Multiply": _merge,
    "PReLU": LayerRule(("alpha_initializer", "alpha_regularizer", "shared_axes")),
    "Permute": LayerRule(("dims",)),
    "ReLU": LayerRule(
        ("max_value",),
        checks=(
            only("negative_slope", 0.0, "TF.js ignores it"),
            only("threshold", 0.0, "TF.js ignores it"),
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
    "SimpleRNN": _recurrent(_simple_cell),
    "Softmax": LayerRule(("axis",), checks=(last_axis,)),
    "SpatialDropout1D": LayerRule(("rate",)),
    # of Keras 2 only, where nothing else has this name
    "ThresholdedReLU": LayerRule(("theta",)),
    "UpSampling2D": LayerRule(
        ("size", "data_format", "interpolation"),
        checks=(only("interpolation", "nearest", "TF.js takes other sampling points"),),
    ),
    "ZeroPadding2D": LayerRule(("padding", "data_format")),
}
