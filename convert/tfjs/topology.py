"""The graph and its signature as the JSON values that tfjs-converter reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf import json_format
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.attr_value_pb2 import AttrValue

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import FrozenGraph, GraphTensor
from edgeproof.convert.tfjs.activations import FUSED_OPS
from edgeproof.convert.tfjs.control_flow import all_graphs
from edgeproof.convert.tfjs.graph import Function, Graph, Node, producer
from edgeproof.convert.tfjs.narrow import narrowed_dtype
from edgeproof.convert.tfjs.parameters import parameter_constants

# hints to TensorFlow's own kernels, of no meaning to anybody who reads the file
_UNREAD_ATTRIBUTES = ("use_cudnn_on_gpu", "grad_a", "grad_b")
# what tfjs-converter assumes of its fused operations anyway; T is always float32 there
_FUSED_DEFAULTS: Mapping[str, AttrValue | None] = {
    "T": None,
    "data_format": AttrValue(s=b"NHWC"),
    "explicit_paddings": AttrValue(list=AttrValue.ListValue()),
    "transpose_a": AttrValue(b=False),
    "transpose_b": AttrValue(b=False),
}


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
    weights = _Weights(all_graphs(graph))
    functions = [_function_json(f, weights.names[f.graph]) for f in graph.functions]
    document: dict[str, Any] = {
        "node": [_node_json(node, weights.names[graph]) for node in graph],
        "library": {"function": functions} if functions else {},
        "versions": {
            "producer": graph.versions.producer,
            "minConsumer": graph.versions.min_consumer,
        },
    }
    signature = {
        "inputs": _signature("input", frozen.inputs),
        "outputs": _signature("output", frozen.outputs),
    }
    delicate = frozenset(
        weights.names[g][n.inputs[1]] for g in weights.names for n in g if _is_depthwise(g, n)
    )
    return Topology(document, signature, weights.values, delicate)


def _is_depthwise(graph: Graph, node: Node) -> bool:
    return "DepthwiseConv2d" in node.op and graph.constant(node.inputs[1]) is not None


class _Weights:
    """The constants of all graphs under names of one namespace; equal ones are stored once.

    A constant gets a short name, for it is written three times; computed tensors keep theirs.
    MobileNetV2 in uint8: 20 KB, without which it is larger than the public converter's file.

    Attributes:
        values: by name in the file.
        names: for each graph, from the constant's name there to that in the file.
    """

    def __init__(self, graphs: Iterable[Graph]) -> None:
        graphs = list(graphs)
        taken = {name for graph in graphs for name in graph.nodes}
        self.values: dict[str, np.ndarray] = {}
        self.names: dict[Graph, dict[str, str]] = {}
        stored: dict[tuple[str, tuple[int, ...], bytes, bool], str] = {}
        for graph in graphs:
            parameters = parameter_constants(graph)
            kept = {producer(output) for output in graph.outputs}
            self.names[graph] = names = {}
            for name, value in graph.constants.items():
                short = f"w{len(self.values)}"
                new = name if name in kept or short in taken else short
                if new == short and value.dtype.kind != "O":
                    digest = hashlib.sha256(value.tobytes()).digest()
                    key = (value.dtype.name, value.shape, digest, name in parameters)
                    new = stored.setdefault(key, short)
                self.values.setdefault(new, value)
                names[name] = new


def _function_json(function: Function, names: Mapping[str, str]) -> dict[str, Any]:
    """A FunctionDef whose nodes name their inputs `node:index`, which TF.js reads as in a graph.

    TensorFlow's own `node:output:index` would need TF.js to know every operation's outputs.
    """
    results = [f"result_{index}" for index in range(len(function.result_types))]
    arguments = {a.name for a in function.arguments}
    return {
        "signature": {
            "name": function.name,
            "inputArg": [_argument_json(a.name, a.dtype) for a in function.arguments],
            "outputArg": [
                _argument_json(name, dtype)
                for name, dtype in zip(results, function.result_types, strict=True)
            ],
        },
        "nodeDef": [_node_json(n, names) for n in function.graph if n.name not in arguments],
        "ret": dict(zip(results, function.graph.outputs, strict=True)),
    }


def _argument_json(name: str, dtype: int) -> dict[str, str]:
    return {"name": name, "type": types_pb2.DataType.Name(dtype)}


def _node_json(node: Node, names: Mapping[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = {"name": names.get(node.name, node.name), "op": node.op}
    if node.inputs:
        document["input"] = [names.get(reference, reference) for reference in node.inputs]
    attributes = {
        key: _short_numbers(json_format.MessageToDict(value))
        for key, value in sorted(node.attr.items())
        if not key.startswith("_") and not _is_unread(node.op, key, value)
    }
    if attributes:
        document["attr"] = attributes
    return document


def _is_unread(op: str, key: str, value: AttrValue) -> bool:
    if key in _UNREAD_ATTRIBUTES:
        return True
    if op not in FUSED_OPS or key not in _FUSED_DEFAULTS:
        return False
    return _FUSED_DEFAULTS[key] in (None, value)


def _short_numbers(attribute: dict[str, Any]) -> dict[str, Any]:
    """Integers without protobuf's quotation marks; tfjs-converter reads both."""
    if "i" in attribute:
        return {"i": int(attribute["i"])}
    if "i" in attribute.get("list", {}):
        return {"list": {"i": [int(number) for number in attribute["list"]["i"]]}}
    return attribute


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

    number = as_dtype(narrowed_dtype(tensor.dtype)).as_datatype_enum
    info: dict[str, Any] = {"name": tensor.tensor, "dtype": types_pb2.DataType.Name(number)}
    if tensor.shape is not None:
        sizes = [{"size": str(-1 if n is None else n)} for n in tensor.shape]
        info["tensorShape"] = {"dim": sizes} if sizes else {}
    return info
