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
from edgeproof.convert.tfjs.activations import FUSED_OPS
from edgeproof.convert.tfjs.graph import Graph, Node, producer
from edgeproof.convert.tfjs.narrow import narrowed_dtype

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
    names = _weight_names(graph)
    document: dict[str, Any] = {
        "node": [_node_json(node, names) for node in graph.nodes.values()],
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
    delicate = frozenset(names[n.inputs[1]] for n in graph if _is_depthwise(graph, n))
    constants = {names[name]: value for name, value in graph.constants.items()}
    return Topology(document, signature, constants, delicate)


def _is_depthwise(graph: Graph, node: Node) -> bool:
    return "DepthwiseConv2d" in node.op and graph.constant(node.inputs[1]) is not None


def _weight_names(graph: Graph) -> dict[str, str]:
    """A short name for each constant, which is written three times; computed tensors keep theirs.

    MobileNetV2 in uint8: 20 KB, without which it is larger than the public converter's file.
    """
    kept = {producer(output) for output in graph.outputs}
    taken = set(graph.nodes)
    names: dict[str, str] = {}
    for index, name in enumerate(graph.constants):
        short = f"w{index}"
        names[name] = name if name in kept or short in taken else short
    return names


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
    from tensorflow.core.framework import types_pb2

    number = as_dtype(narrowed_dtype(tensor.dtype)).as_datatype_enum
    info: dict[str, Any] = {"name": tensor.tensor, "dtype": types_pb2.DataType.Name(number)}
    if tensor.shape is not None:
        sizes = [{"size": str(-1 if n is None else n)} for n in tensor.shape]
        info["tensorShape"] = {"dim": sizes} if sizes else {}
    return info
