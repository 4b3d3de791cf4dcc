"""Multiply-accumulates of a TensorFlow graph, from the shapes that TensorFlow infers."""

from __future__ import annotations

import math
from typing import Any

_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative", "Conv3D")
_PRODUCTS = ("MatMul", "BatchMatMulV2", "BatchMatMul")


def graph_macs(graph_def: Any) -> dict[str, int | None]:
    """Multiply-accumulates by node name for a batch of 1; None where a shape is not known."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    return {operation.name: _macs(operation) for operation in graph.get_operations()}


def _macs(operation: Any) -> int | None:
    if operation.type in ("While", "StatelessWhile", "If", "StatelessIf"):
        return None
    if operation.type in _CONVOLUTIONS:
        made, kernel = _sizes(operation.outputs[0]), _sizes(operation.inputs[1])
        if made is None or kernel is None:
            return None
        # the last axis of a kernel is its output channels, of a depthwise one part of them
        return math.prod(made) * math.prod(kernel[: -2 if "Depthwise" in operation.type else -1])
    if operation.type == "Conv2DBackpropInput":
        given, kernel = _sizes(operation.inputs[2]), _sizes(operation.inputs[1])
        return None if given is None or kernel is None else math.prod(given) * math.prod(kernel[:3])
    if operation.type in _PRODUCTS:
        made, left = _sizes(operation.outputs[0]), _sizes(operation.inputs[0])
        if made is None or left is None:
            return None
        flag = "transpose_a" if operation.type == "MatMul" else "adj_x"
        return math.prod(made) * left[-2 if operation.get_attr(flag) else -1]
    return 0


def _sizes(tensor: Any) -> list[int] | None:
    """The shape with a free first axis as 1; None where another size is free."""
    if tensor.shape.rank is None:
        return None
    sizes = tensor.shape.as_list()
    if sizes and sizes[0] is None:
        sizes[0] = 1
    return None if None in sizes else sizes
