"""Scales and biases that follow a linear operation move into its weights.

A convolution or matrix product followed by any run of per-channel additions and multiplications
with constants (a bias, a batch normalisation, a rescaling) is one linear operation with one bias:
`s * (W x + b) + t = (s W) x + (s b + t)`. Computed in float64, rounded to float32 once.

The bias that results has rank 1. Keras 3 reshapes its biases to the rank of the activations, and
the wasm backend of TF.js 4.22 refuses those ("FusedConv2D only supports rank-1 bias").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.attr_value_pb2 import AttrValue

from edgeproof.convert.tfjs.graph import Graph, Node

LINEAR = ("Conv2D", "DepthwiseConv2dNative", "MatMul")
AFFINE = ("BiasAdd", "Add", "AddV2", "Sub", "Mul", "RealDiv")


@dataclass
class _Linear:
    """Weights with the output channels last, and the bias, both float64."""

    weights: np.ndarray
    bias: np.ndarray
    changed: bool = False

    def scale(self, factor: np.ndarray) -> None:
        self.weights = self.weights * factor
        self.bias = self.bias * factor
        self.changed = True


def fold_affine(graph: Graph) -> None:
    """Fold per-channel constants into the convolution or product before them."""
    for node in graph:
        if node.op in LINEAR:
            _fold_into(graph, node)


def out_channels(graph: Graph, node: Node) -> int | None:
    """How many channels a linear operation makes; None where its weights are computed."""
    weights = graph.constant(node.inputs[1])
    if weights is None or weights.dtype != np.float32 or _channels_first(node):
        return None
    if node.op == "DepthwiseConv2dNative":
        return int(weights.shape[2] * weights.shape[3])
    if node.op == "MatMul" and node.attr["transpose_b"].b:
        return int(weights.shape[0])
    return int(weights.shape[-1])


def is_per_channel(value: np.ndarray, channels: int) -> bool:
    """Does it hold one number, or one per channel along its last axis?"""
    return value.size == 1 or (value.size == channels and value.shape[-1] == channels)


def _channels_first(node: Node) -> bool:
    return "data_format" in node.attr and node.attr["data_format"].s != b"NHWC"


def _fold_into(graph: Graph, node: Node) -> None:
    channels = out_channels(graph, node)
    if channels is None:
        return
    stored = graph.constants[node.inputs[1]]
    linear = _Linear(_channels_last(node, stored).astype(np.float64), np.zeros(channels))
    last = node
    while (following := graph.only_consumer(last)) is not None:
        rank = 2 if node.op == "MatMul" else 4
        if not _absorb(graph, linear, last, following, channels, rank):
            break
        last = following
    if last is not node:
        _rewrite(graph, node, last, linear, stored.shape)


def _absorb(
    graph: Graph, linear: _Linear, last: Node, following: Node, channels: int, rank: int
) -> bool:
    """Take `following` into the linear operation if it is affine with a per-channel constant."""
    if following.op not in AFFINE or len(following.inputs) != 2:
        return False
    left, right = following.inputs
    constant_first = left != last.name
    raw = graph.constant(left if constant_first else right)
    if raw is None or raw.ndim > rank or not is_per_channel(raw, channels):
        return False
    value = np.broadcast_to(raw.reshape(-1), (channels,)).astype(np.float64)
    if following.op in ("BiasAdd", "Add", "AddV2"):
        linear.bias = linear.bias + value
    elif following.op == "Mul":
        linear.scale(value)
    elif following.op == "Sub":
        if constant_first:
            linear.scale(np.full(channels, -1.0))
        linear.bias = linear.bias + (value if constant_first else -value)
    elif constant_first or not value.all():  # a constant divided by the result is not affine
        return False
    else:
        linear.scale(1 / value)
    return True


def _rewrite(
    graph: Graph, node: Node, last: Node, linear: _Linear, stored_shape: tuple[int, ...]
) -> None:
    """`last` becomes the sum of the linear operation and one rank-1 bias."""
    inputs = list(node.inputs)
    if linear.changed:
        weights = _as_stored(node, linear.weights, stored_shape).astype(np.float32)
        inputs[1] = graph.add_constant(f"{node.inputs[1]}/folded", weights)
    if not linear.bias.any():
        graph.replace(last, node.op, inputs, node.attr)
        return
    bias = graph.add_constant(f"{last.name}/bias", linear.bias.astype(np.float32))
    # a node of its own, for others may use the unscaled result
    product = graph.add(f"{node.name}/product", node.op, inputs, node.attr)
    graph.replace(last, "BiasAdd", [product.name, bias], {"T": AttrValue(type=types_pb2.DT_FLOAT)})


def _channels_last(node: Node, weights: np.ndarray) -> np.ndarray:
    if node.op == "DepthwiseConv2dNative":
        return weights.reshape(*weights.shape[:2], -1)
    if node.op == "MatMul" and node.attr["transpose_b"].b:
        return weights.T
    return weights


def _as_stored(node: Node, weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if node.op == "MatMul" and node.attr["transpose_b"].b:
        return weights.T
    return weights.reshape(shape)
