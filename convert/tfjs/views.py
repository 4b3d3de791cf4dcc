"""Reshapes and squeezes: simpler ones, and later, so that they do not stand in fusion's way."""

from __future__ import annotations

import numpy as np

from edgeproof.convert.tfjs.activations import ACTIVATIONS
from edgeproof.convert.tfjs.affine import AFFINE, LINEAR, is_per_channel, out_channels
from edgeproof.convert.tfjs.graph import Graph, Node, canonical


def make_shapes_constant(graph: Graph) -> None:
    """A reshape to `[computed batch, 7, 64]` becomes one to the constant `[-1, 7, 64]`.

    Sound because a reshape keeps the number of elements: one unknown size is implied.
    """
    for node in graph:
        if node.op != "Reshape":
            continue
        shape = graph.node(node.inputs[1])
        if shape.op != "Pack":
            continue
        sizes = [graph.constant(i) for i in shape.inputs if not i.startswith("^")]
        if sum(size is None for size in sizes) != 1 or any(s is not None and s <= 0 for s in sizes):
            continue
        static = np.array([-1 if size is None else int(size) for size in sizes], np.int32)
        graph.set_inputs(node, [node.inputs[0], graph.add_constant(f"{node.name}/shape", static)])


def sink_views(graph: Graph) -> None:
    """Move a view that follows a linear operation behind the bias, scale and activation.

    Keras computes Conv1D as Conv2D and Dense on sequences as MatMul, with a Squeeze or Reshape
    before the bias; channels stay last, so the per-channel operations may as well come first.
    """
    for node in graph:
        if node.op not in LINEAR or (channels := out_channels(graph, node)) is None:
            continue
        current: Node | None = node
        while current is not None:
            current = _step(graph, current, channels)


def _step(graph: Graph, current: Node, channels: int) -> Node | None:
    """The last node before the view after one move down the chain; None at its end."""
    following = graph.only_consumer(current)
    if following is None or _per_channel_input(graph, following, current, channels) is not None:
        return following
    if not _keeps_channels(graph, following, current, channels):
        return None
    element_wise = graph.only_consumer(following)
    if element_wise is None:
        return None
    inputs = _per_channel_input(graph, element_wise, following, channels)
    if inputs is None:
        return None
    moved = graph.add(
        f"{element_wise.name}/flat",
        element_wise.op,
        [current.name if i == following.name else i for i in inputs],
        element_wise.attr,
    )
    view_inputs = [moved.name, *following.inputs[1:]]
    graph.replace(element_wise, following.op, view_inputs, following.attr)
    return moved


def _per_channel_input(graph: Graph, node: Node, data: Node, channels: int) -> list[str] | None:
    """The node's inputs with its constant at rank 1, if it acts on each channel alone."""
    if node.op in ACTIVATIONS and node.op != "Prelu":
        return list(node.inputs)
    if node.op not in AFFINE or len(node.inputs) != 2:
        return None
    inputs = []
    for reference in node.inputs:
        if canonical(reference) == data.name:
            inputs.append(reference)
            continue
        value = graph.constant(reference)
        if value is None or not is_per_channel(value, channels):
            return None
        inputs.append(
            reference
            if value.ndim <= 1
            else graph.add_constant(f"{node.name}/per_channel", value.reshape(-1))
        )
    return inputs


def _keeps_channels(graph: Graph, view: Node, data: Node, channels: int) -> bool:
    if not view.inputs or view.inputs[0] != data.name:
        return False
    if view.op == "Squeeze":
        axes = view.attr["squeeze_dims"].list.i if "squeeze_dims" in view.attr else []
        rank = 2 if data.op == "MatMul" else 4
        return bool(axes) and all(axis not in (-1, rank - 1) for axis in axes)
    if view.op == "Reshape":
        shape = graph.constant(view.inputs[1])
        if shape is not None:
            return shape.size > 0 and int(shape[-1]) == channels
        packed = graph.node(view.inputs[1])
        last = graph.constant(packed.inputs[-1]) if packed.op == "Pack" else None
        return last is not None and int(last) == channels
    return False
