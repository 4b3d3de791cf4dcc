"""PReLU is recognised; biases and activations are fused into the operation before them."""

from __future__ import annotations

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.attr_value_pb2 import AttrValue

from edgeproof.convert.tfjs.affine import out_channels
from edgeproof.convert.tfjs.graph import Graph, Node

# what the fused kernels of TF.js 4.22 know: FusableActivation in tfjs-backend-wasm, and
# applyActivation in tfjs-core for the others
ACTIVATIONS = ("Relu", "Relu6", "Elu", "Sigmoid", "LeakyRelu", "Prelu")
_FUSED = {
    "Conv2D": "_FusedConv2D",
    "DepthwiseConv2dNative": "FusedDepthwiseConv2dNative",
    "MatMul": "_FusedMatMul",
}
FUSED_OPS = frozenset(_FUSED.values())
_FLOAT = AttrValue(type=types_pb2.DT_FLOAT)


def recognise_prelu(graph: Graph) -> None:
    """`relu(x) + c * relu(-x)`, as Keras spells it, becomes `Prelu(x, -c)`."""
    for node in graph:
        if node.op not in ("Add", "AddV2"):
            continue
        for positive, negative in (node.inputs[:2], node.inputs[1::-1]):
            found = _prelu_parts(graph, graph.node(positive), graph.node(negative))
            if found is not None:
                x, slope = found
                alpha = graph.add_constant(f"{node.name}/alpha", slope)
                graph.replace(node, "Prelu", [x, alpha], {"T": _FLOAT})
                break


def _prelu_parts(graph: Graph, positive: Node, negative: Node) -> tuple[str, np.ndarray] | None:
    if positive.op != "Relu" or negative.op != "Mul":
        return None
    x = positive.inputs[0]
    for constant, rectified in (negative.inputs[:2], negative.inputs[1::-1]):
        value = graph.constant(constant)
        relu = graph.node(rectified)
        if value is None or relu.op != "Relu":
            continue
        minus = graph.node(relu.inputs[0])
        slope = _trailing_block(-value)
        if minus.op == "Neg" and minus.inputs[0] == x and slope is not None:
            return x, slope
    return None


def _trailing_block(slope: np.ndarray) -> np.ndarray | None:
    """The slope without leading axes of size 1; None where axes of size 1 follow others.

    The wasm kernel repeats the slope over the flattened tensor, so it cannot broadcast in between.
    """
    sizes = list(slope.shape)
    while sizes and sizes[0] == 1:
        sizes.pop(0)
    if 1 in sizes:
        return None
    return np.ascontiguousarray(slope.reshape(sizes or [1]), dtype=np.float32)


def fuse(graph: Graph) -> None:
    """Fuse `linear -> BiasAdd -> activation` into TF.js' fused operations."""
    for node in graph:
        if node.op in _FUSED and (channels := out_channels(graph, node)) is not None:
            _fuse_after(graph, node, channels)


def _fuse_after(graph: Graph, node: Node, channels: int) -> None:
    last, bias = node, None
    following = graph.only_consumer(node)
    if following is not None and following.op == "BiasAdd" and following.inputs[0] == node.name:
        value = graph.constant(following.inputs[1])
        if value is not None and value.shape == (channels,):
            last, bias = following, following.inputs[1]
    activation = graph.only_consumer(last)
    if activation is not None and not _fits(graph, node, activation, last):
        activation = None
    if activation is None and bias is None:
        return
    if bias is None:
        # the form without a bias is not one that TF.js documents; zeros cost 4 bytes a channel
        bias = graph.add_constant(f"{node.name}/no_bias", np.zeros(channels, np.float32))
    fused_ops, arguments = [b"BiasAdd"], [bias]
    attributes = {k: v for k, v in node.attr.items() if k != "use_cudnn_on_gpu"}
    if activation is not None:
        fused_ops.append(activation.op.encode())
        arguments += activation.inputs[1:]
        if activation.op == "LeakyRelu":
            attributes["leakyrelu_alpha"] = activation.attr["alpha"]
        last = activation
    attributes["fused_ops"] = AttrValue(list=AttrValue.ListValue(s=fused_ops))
    attributes["num_args"] = AttrValue(i=len(arguments))
    graph.replace(last, _FUSED[node.op], [*node.inputs[:2], *arguments], attributes)


def _fits(graph: Graph, linear: Node, activation: Node, last: Node) -> bool:
    if activation.op not in ACTIVATIONS or activation.inputs[0] != last.name:
        return False
    if activation.op == "LeakyRelu":
        # FusedDepthwiseConv2dNative has no leakyrelu_alpha in TF.js 4.22's operation list
        return linear.op != "DepthwiseConv2dNative"
    if activation.op == "Prelu":
        slope = graph.constant(activation.inputs[1])
        return slope is not None and slope.ndim == 1
    return True
