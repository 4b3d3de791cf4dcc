"""Which of TensorFlow's functions a stored Keras 2 model may call.

tf.keras stores `x + 1` or `tf.reshape(x, ...)` of a functional model by the function's public name
(class `TFOpLambda`) or, before TensorFlow 2.4, as a node of a graph (`TensorFlowOpLayer`). It
calls whatever name a file holds: `io.write_file` as readily as `math.add`. Only functions that do
nothing but compute from tensors are let through.
"""

from __future__ import annotations

from typing import Any

_PACKAGES = ("math", "nn", "linalg", "image", "signal", "bitwise", "__operators__")
_KERAS_PACKAGES = ("keras.activations", "keras.backend")
_FUNCTIONS = frozenset(
    """
    abs add add_n argmax argmin argsort batch_to_space batch_to_space_nd boolean_mask
    broadcast_dynamic_shape broadcast_to cast clip_by_norm clip_by_value complex concat constant
    convert_to_tensor cos cosh cumsum depth_to_space divide einsum ensure_shape equal erf exp
    expand_dims eye fill floor gather gather_nd greater greater_equal identity less less_equal
    linspace log logical_and logical_not logical_or matmul maximum meshgrid minimum multiply
    negative norm not_equal one_hot ones ones_like pad pow range rank realdiv reduce_all
    reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum repeat
    reshape reverse reverse_sequence roll round rsqrt saturate_cast scalar_mul shape shape_n
    sigmoid sign sin sinh size slice sort space_to_batch space_to_batch_nd space_to_depth split
    sqrt square squeeze stack stop_gradient strided_slice subtract tan tanh tensordot tile
    to_float to_int32 transpose truediv truncatediv unstack where where_v2 zeros zeros_like
    """.split()  # noqa: SIM905 - quotes around each would hide the names
)
# as nodes of a graph they have names of their own
_OPERATIONS = frozenset(
    """
    Abs Add AddN AddV2 All Any ArgMax ArgMin AvgPool BatchMatMul BatchMatMulV2 BiasAdd
    BroadcastTo Cast ClipByValue Concat ConcatV2 Conv2D Cos Cumsum DepthToSpace
    DepthwiseConv2dNative Div DivNoNan Einsum Elu Equal Erf Exp ExpandDims Fill Floor FloorDiv
    FloorMod GatherNd GatherV2 Greater GreaterEqual Identity L2Loss LeakyRelu Less LessEqual Log
    Log1p LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool Maximum Mean Min Minimum MirrorPad
    Mul Neg NotEqual OneHot OnesLike Pack Pad PadV2 Pow Prod Range RealDiv Relu Relu6 Reshape
    ResizeBilinear ResizeNearestNeighbor ReverseV2 Round Rsqrt Select SelectV2 Selu Shape Sigmoid
    Sign Sin Slice Softmax Softplus Softsign SpaceToDepth Split SplitV Sqrt Square
    SquaredDifference Squeeze StopGradient StridedSlice Sub Sum Tanh Tile TopKV2 Transpose Unpack
    Where ZerosLike
    """.split()  # noqa: SIM905 - quotes around each would hide the names
)


def refused_call(class_name: str, config: Any) -> str | None:
    """The name of the function that a stored layer calls, unless it only computes from tensors.

    Args:
        config: the layer's stored configuration.
    """
    if class_name == "ClassMethod":
        return f"{_text(config, 'cls_symbol')}.{_text(config, 'method_name')}"
    if class_name == "TensorFlowOpLayer":
        node = config.get("node_def") if isinstance(config, dict) else None
        operation = _text(node, "op")  # the oldest files hold bytes instead
        return None if operation in _OPERATIONS else operation
    if class_name not in ("TFOpLambda", "SlicingOpLambda"):
        return None
    name = _text(config, "function")
    package, _, function = name.removeprefix("compat.v1.").rpartition(".")
    if package in _KERAS_PACKAGES or package.partition(".")[0] in _PACKAGES:
        return None
    return None if not package and function in _FUNCTIONS else name


def _text(config: Any, key: str) -> str:
    return str(config.get(key, "?")) if isinstance(config, dict) else "?"
