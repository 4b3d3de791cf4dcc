"""The graph and its signature as the JSON values that tfjs-converter reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf import json_format
from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.function_pb2 import FunctionDef

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
    """

    graph: dict[str, Any]
    signature: dict[str, Any]
    constants: dict[str, np.ndarray]


def topology_of(frozen: FrozenGraph, graph: Graph) -> Topology:
    """Describe an optimised graph.

    Raises:
        ConvertError: names of inputs or outputs that JavaScript would put in another order.
    """
    constants = dict(graph.constants)
    document: dict[str, Any] = {
        "node": [
            _node_json(n.name, n.op, n.inputs, n.attr) for n in graph.nodes.values()
        ],
        "library": {
            "function": [_function_json(f, constants) for f in graph.library.function]
        },
        "versions": {"producer": graph.versions.producer, "minConsumer": graph.versions.min_consumer},
    }
    if not document["library"]["function"]:
        document["library"] = {}
    signature = {
        "inputs": _signature("input", frozen.inputs),
        "outputs": _signature("output", frozen.outputs),
    }
    return Topology(document, signature, constants)


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


def _function_json(function: FunctionDef, constants: dict[str, np.ndarray]) -> dict[str, Any]:
    """A function's JSON; its constants join the weights, under names that are unique."""
    from tensorflow import make_ndarray

    prefix = function.signature.name
    renamed = {n.name: f"{prefix}/{n.name}" for n in function.node_def if n.op == "Const"}
    nodes = []
    for node in function.node_def:
        attributes = dict(node.attr)
        if node.op == "Const":
            constants[renamed[node.name]] = make_ndarray(attributes.pop("value").tensor)
        inputs = [_renamed(i, renamed) for i in node.input if not i.startswith("^")]
        name = renamed.get(node.name, node.name)
        nodes.append(_node_json(name, node.op, inputs, attributes))
    return {
        "signature": json_format.MessageToDict(function.signature),
        "nodeDef": nodes,
        "ret": {key: _renamed(value, renamed) for key, value in function.ret.items()},
    }


def _renamed(reference: str, renamed: Mapping[str, str]) -> str:
    name, *rest = reference.split(":")
    return ":".join([renamed.get(name, name), *rest])


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
