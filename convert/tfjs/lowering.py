"""Operations that TF.js lacks, or lacks on one backend, spelled with ones that it has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.attr_value_pb2 import AttrValue

from edgeproof.convert.tfjs.einsum import lower_einsum
from edgeproof.convert.tfjs.graph import Graph, Node
from edgeproof.convert.tfjs.shapes import Shapes, tensor_shapes

_FLOAT = {"T": AttrValue(type=types_pb2.DT_FLOAT)}


def lower(graph: Graph) -> None:
    """Rewrite what can be rewritten; the rest is for `check_ops` to refuse."""
    waiting = [n for n in graph if n.op in _LOWERED]
    if not waiting:
        return
    shapes = tensor_shapes(graph)
    for node in waiting:
        _LOWERED[node.op](graph, node, shapes)


def _lower_erfc(graph: Graph, node: Node, _shapes: Shapes) -> None:
    """`1 - erf(x)`, in the exact GELU."""
    erf = graph.add(f"{node.name}/erf", "Erf", node.inputs, _FLOAT)
    one = graph.add_constant(f"{node.name}/one", np.float32(1).reshape(()))
    graph.replace(node, "Sub", [one, erf.name], _FLOAT)


def _lower_softsign(graph: Graph, node: Node, _shapes: Shapes) -> None:
    """`x / (1 + |x|)`."""
    x = node.inputs[0]
    size = graph.add(f"{node.name}/abs", "Abs", [x], _FLOAT)
    one = graph.add_constant(f"{node.name}/one", np.float32(1).reshape(()))
    below = graph.add(f"{node.name}/one_plus", "AddV2", [size.name, one], _FLOAT)
    graph.replace(node, "RealDiv", [x, below.name], _FLOAT)


def _lower_one_hot(graph: Graph, node: Node, _shapes: Shapes) -> None:
    """Where an index equals its column, 1, else 0.

    The wasm kernel of TF.js 4.22 writes the bits of integers whatever the type, and integer ones
    cannot be cast on WebGPU (see `_lower_cast`).
    """
    on, off = (graph.constant(reference) for reference in node.inputs[2:4])
    depth, axis = graph.constant(node.inputs[1]), node.attr["axis"].i
    if node.attr["T"].type != types_pb2.DT_FLOAT or axis != -1:
        return
    if on is None or off is None or depth is None:
        return
    integer = AttrValue(type=node.attr["TI"].type)
    last = graph.add_constant(f"{node.name}/last", np.array(-1, np.int32))
    columns = graph.add_constant(f"{node.name}/columns", np.arange(int(depth), dtype=np.int32))
    index = graph.add(
        f"{node.name}/index",
        "ExpandDims",
        [node.inputs[0], last],
        {"T": integer, "Tdim": AttrValue(type=types_pb2.DT_INT32)},
    )
    equal = graph.add(f"{node.name}/equal", "Equal", [index.name, columns], {"T": integer})
    graph.replace(node, "SelectV2", [equal.name, *node.inputs[2:4]], _FLOAT)


def _lower_moved_mask(graph: Graph, node: Node, _shapes: Shapes) -> None:
    """A mask is transposed or reversed as numbers.

    WebGPU's transposition in TF.js 4.22 is a program for floats whatever the tensor holds; for bool
    it does not compile, and the answer is all zeros, without an exception. The wasm kernel that
    reverses reads 4 bytes for each 1 of a boolean. `Masking` before a recurrent layer does this.
    """
    if node.attr["T"].type != types_pb2.DT_BOOL:
        return
    mask, where = node.inputs
    numbers = _numbers_of_mask(graph, f"{node.name}/numbers", mask)
    moved = graph.add(f"{node.name}/moved", node.op, [numbers.name, where], {**node.attr, **_FLOAT})
    zero = graph.add_constant(f"{node.name}/zero", np.float32(0).reshape(()))
    graph.replace(node, "NotEqual", [moved.name, zero], _FLOAT)


def _lower_cast(graph: Graph, node: Node, _shapes: Shapes) -> None:
    """Masks become numbers by choosing 1 or 0.

    `Cast` of TF.js 4.22 on WebGPU gives an integer's bits the name float32 and leaves them as they
    are: a 1 in a mask becomes 1.4e-45. Choosing is right on all four backends.
    """
    if (node.attr["SrcT"].type, node.attr["DstT"].type) == (types_pb2.DT_BOOL, types_pb2.DT_FLOAT):
        mask = node.inputs[0]
        numbers = _numbers_of_mask(graph, f"{node.name}/numbers", mask)
        graph.replace(node, "Identity", [numbers.name], _FLOAT)


def _numbers_of_mask(graph: Graph, name: str, mask: str) -> Node:
    one = graph.add_constant(f"{name}/one", np.float32(1).reshape(()))
    zero = graph.add_constant(f"{name}/zero", np.float32(0).reshape(()))
    return graph.add(name, "SelectV2", [mask, one, zero], _FLOAT)


def _lower_batch_matmul(graph: Graph, node: Node, _shapes: Shapes) -> None:
    attributes = {k: v for k, v in node.attr.items() if k in ("adj_x", "adj_y")}
    graph.replace(node, "BatchMatMulV2", node.inputs, {**attributes, "T": node.attr["Ta"]})


def _lower_grouped_convolution(graph: Graph, node: Node, shapes: Shapes) -> None:
    """One convolution per group, or a depthwise one where each channel is a group."""
    filters = graph.constant(node.inputs[1])
    x_shape = shapes.get(node.inputs[0])
    if filters is None or not x_shape or x_shape[-1] is None or x_shape[-1] == filters.shape[2]:
        return
    channels, groups = x_shape[-1], x_shape[-1] // filters.shape[2]
    if groups == channels:
        height, width, _, made = filters.shape
        depthwise = graph.add_constant(
            f"{node.name}/depthwise", filters.reshape(height, width, channels, made // channels)
        )
        attributes = {k: v for k, v in node.attr.items() if k != "use_cudnn_on_gpu"}
        graph.replace(node, "DepthwiseConv2dNative", [node.inputs[0], depthwise], attributes)
        return
    axis = graph.add_constant(f"{node.name}/axis", np.array(3, np.int32))
    split = graph.add(
        f"{node.name}/split",
        "Split",
        [axis, node.inputs[0]],
        {**_FLOAT, "num_split": AttrValue(i=groups)},
    )
    parts = []
    for index, part in enumerate(np.split(filters, groups, axis=3)):
        weights = graph.add_constant(f"{node.name}/group{index}/filter", part)
        source = split.name if index == 0 else f"{split.name}:{index}"
        made_part = graph.add(f"{node.name}/group{index}", "Conv2D", [source, weights], node.attr)
        parts.append(made_part.name)
    attributes = {
        **_FLOAT,
        "N": AttrValue(i=groups),
        "Tidx": AttrValue(type=types_pb2.DT_INT32),
    }
    graph.replace(node, "ConcatV2", [*parts, axis], attributes)


_LOWERED: dict[str, Callable[[Graph, Node, Shapes], None]] = {
    "BatchMatMulV3": _lower_batch_matmul,
    "Cast": _lower_cast,
    "Conv2D": _lower_grouped_convolution,
    "Einsum": lower_einsum,  # no kernel in the wasm backend
    "Erfc": _lower_erfc,
    "OneHot": _lower_one_hot,
    "ReverseV2": _lower_moved_mask,
    "Softsign": _lower_softsign,
    "Transpose": _lower_moved_mask,
}
