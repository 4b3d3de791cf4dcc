"""The graph and its signature as the JSON values that tfjs-converter reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf import json_format
from tensorflow.core.framework.attr_value_pb2 import AttrValue

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import FrozenGraph, GraphTensor
from edgeproof.convert.tfjs.graph import Graph
from edgeproof.convert.tfjs.narrow import narrowed_dtype

# hints to TensorFlow's own kernels, of no meaning to anybody who reads the file
_UNREAD_ATTRIBUTES = ("use_cudnn_on_gpu", "grad_a", "grad_b")


@dataclass(frozen=True)
class Topology:
    """A graph model without the encoding of its weights.

    Attributes:
        graph: the GraphDef as JSON values.
        signature: inputs and outputs by name, in the model's order.
        constants: the weights in the order in which they are stored.
        delicate: constants that 8 bits with one scale would spoil: depthwise kernels, whose
            channels differ widely in range once their batch normalisation is folded in.
    """

    graph: dict[str, Any]
    signature: dict[str, Any]
    constants: dict[str, np.ndarray]
    delicate: frozenset[str]


def topology_of(frozen: FrozenGraph, graph: Graph) -> Topology:
    """Describe an optimised graph.

    Raises:
        ConvertError: names of inputs or outputs that JavaScript would put in another order.
    """
    document: dict[str, Any] = {
        "node": [_node_json(n.name, n.op, n.inputs, n.attr) for n in graph.nodes.values()],
        "library": {},
        "versions": {
            "producer": graph.versions.producer,
            "minConsumer": graph.versions.min_consumer,
        },
    }
    signature = {
        "inputs": _signature("input", frozen.inputs),
        "outputs": _signature("output", frozen.outputs),
    }
    delicate = frozenset(n.inputs[1] for n in graph if "DepthwiseConv2d" in n.op)
    return Topology(document, signature, dict(graph.constants), delicate)


def _node_json(
    name: str, op: str, inputs: Iterable[str], attr: Mapping[str, AttrValue]
) -> dict[str, Any]:
    node: dict[str, Any] = {"name": name, "op": op}
    if inputs := list(inputs):
        node["input"] = inputs
    attributes = {
        key: json_format.MessageToDict(value)
        for key, value in sorted(attr.items())
        if key not in _UNREAD_ATTRIBUTES and not key.startswith("_")
    }
    if attributes:
        node["attr"] = attributes
    return node


def _signature(kind: str, tensors: Iterable[GraphTensor]) -> dict[str, Any]:
    tensors = list(tensors)
    for tensor in tensors:
        # JavaScript objects list keys that look like integers first
        if tensor.name.isdecimal() and len(tensors) > 1:
            raise ConvertError(
                f"expected {kind} names that are not numbers, for TF.js would reorder them, "
                f"got {tensor.name!r}; rename that layer"
            )
    return {t.name: _tensor_info(t) for t in tensors}


def _tensor_info(tensor: GraphTensor) -> dict[str, Any]:
    from tensorflow import as_dtype
    from tensorflow.core.framework import types_pb2

    number = as_dtype(narrowed_dtype(tensor.dtype)).as_datatype_enum
    info: dict[str, Any] = {"name": tensor.tensor, "dtype": types_pb2.DataType.Name(number)}
    if tensor.shape is not None:
        sizes = [{"size": str(-1 if n is None else n)} for n in tensor.shape]
        info["tensorShape"] = {"dim": sizes} if sizes else {}
    return info
