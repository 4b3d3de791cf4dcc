"""Reading a TF.js graph model back, independently of the writer, and running it in TensorFlow.

What is compared with TF.js for the compressed precisions: the arithmetic of the very bytes that
were written. Weights are decoded as `decodeWeights` of tfjs-core 4.22 does, fused operations are
taken apart into plain ones, and TensorFlow's kernels do the rest.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from edgeproof.convert.errors import ConvertError

GraphCallable = Callable[[Sequence[np.ndarray]], list[np.ndarray]]
_PLAIN = {
    "_FusedConv2D": "Conv2D",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedMatMul": "MatMul",
}
_FUSION_ATTRIBUTES = ("fused_ops", "num_args", "epsilon", "leakyrelu_alpha", "explicit_paddings")
_FLOAT = {"T": {"type": "DT_FLOAT"}}
_BYTES = {"float32": 4, "int32": 4, "bool": 1, "complex64": 8}


def read_graph_model(files: Mapping[str, bytes]) -> GraphCallable:
    """A function of the model's inputs, in signature order, that returns its outputs so.

    Args:
        files: `model.json` and every shard that it names.

    Raises:
        ConvertError: not a graph model, a shard is missing, or the sizes do not fit.
    """
    import tensorflow as tf

    plain, feeds, fetches = plain_graph(files)
    wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(plain, name=""), signature=[])
    element = wrapped.graph.as_graph_element
    function = wrapped.prune([element(f) for f in feeds], [element(f) for f in fetches])
    dtypes = [element(f).dtype for f in feeds]

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        tensors = [tf.cast(x, dtype) for x, dtype in zip(inputs, dtypes, strict=True)]
        return [np.asarray(output) for output in function(*tensors)]

    return run


def plain_graph(files: Mapping[str, bytes]) -> tuple[Any, list[str], list[str]]:
    """The `GraphDef` of a graph model's files, and the tensors of its signature: in and out.

    Raises as `read_graph_model`.
    """
    document = json.loads(files["model.json"])
    if document.get("format") != "graph-model":
        raise ConvertError(f"expected a TF.js graph model, got format {document.get('format')!r}")
    weights = read_weights(document, files)
    signature = document["signature"]
    feeds = [t["name"] for t in signature["inputs"].values()]
    fetches = [t["name"] for t in signature["outputs"].values()]
    return graph_def(document["modelTopology"], weights), feeds, fetches


def read_weights(document: dict[str, Any], files: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """Every weight of a graph or layers model, decompressed, by name.

    Raises:
        ConvertError: a shard is missing, or the bytes are more or fewer than the manifest says.
    """
    weights: dict[str, np.ndarray] = {}
    for group in document["weightsManifest"]:
        for path in group["paths"]:
            if path not in files:
                raise ConvertError(f"expected the weight file {path}, got none")
        content = b"".join(files[path] for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            weights[entry["name"]], offset = _decode(entry, content, offset)
        if offset != len(content):
            raise ConvertError(
                f"expected {offset:,} bytes of weights, as model.json says, got {len(content):,}"
            )
    return weights


def _decode(entry: dict[str, Any], content: bytes, offset: int) -> tuple[np.ndarray, int]:
    shape = tuple(entry["shape"])
    size = int(np.prod(shape, dtype=np.int64))
    if entry["dtype"] == "string":
        return _decode_strings(content, offset, shape)
    quantization = entry.get("quantization")
    stored = np.dtype(quantization["dtype"] if quantization else entry["dtype"]).newbyteorder("<")
    end = offset + size * stored.itemsize
    if end > len(content):
        raise ConvertError(
            f"expected {end:,} bytes of weights up to {entry['name']}, got {len(content):,}"
        )
    raw = np.frombuffer(content[offset:end], stored).reshape(shape)
    if quantization and quantization["dtype"] in ("uint8", "uint16"):
        # in float64, as JavaScript computes, then rounded into the Float32Array
        raw = raw.astype(np.float64) * quantization["scale"] + quantization["min"]
    return raw.astype(entry["dtype"]), end


def _decode_strings(content: bytes, offset: int, shape: tuple[int, ...]) -> tuple[np.ndarray, int]:
    items = np.empty(int(np.prod(shape, dtype=np.int64)), dtype=object)
    for index in range(items.size):
        (length,) = struct.unpack_from("<I", content, offset)
        items[index] = content[offset + 4 : offset + 4 + length]
        offset += 4 + length
    return items.reshape(shape), offset


def graph_def(topology: dict[str, Any], weights: Mapping[str, np.ndarray]) -> Any:
    """The `GraphDef` of a topology with its weights inside; each fused operation as plain ones."""
    from tensorflow.core.framework.graph_pb2 import GraphDef

    result = GraphDef()
    for function in topology.get("library", {}).get("function", []):  # innermost first
        result.library.function.append(_function_def(function, weights, result.library))
    for node in topology["node"]:
        for plain in _unfused(node):
            _add_node(result.node.add(), plain, weights)
    result.versions.producer = topology["versions"]["producer"]
    # the public converter leaves it out
    result.versions.min_consumer = topology["versions"].get("minConsumer", 0)
    return result


def _function_def(document: dict[str, Any], weights: Mapping[str, np.ndarray], library: Any) -> Any:
    """TensorFlow's form of a function whose nodes name their inputs as a graph's do."""
    import tensorflow as tf
    from tensorflow.core.framework.graph_pb2 import GraphDef
    from tensorflow.python.framework.graph_to_function_def import graph_to_function_def

    signature = document["signature"]
    plain = GraphDef(library=library)
    for argument in signature["inputArg"]:
        attr = {"dtype": {"type": argument["type"]}, "shape": {"shape": {"unknownRank": True}}}
        node = {"name": argument["name"], "op": "Placeholder", "attr": attr}
        _add_node(plain.node.add(), node, weights)
    for node in document["nodeDef"]:
        for part in _unfused(node):
            _add_node(plain.node.add(), part, weights)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(plain, name="")
    operations = graph.get_operations()
    arguments = [graph.get_tensor_by_name(f"{a['name']}:0") for a in signature["inputArg"]]
    names = [document["ret"][a["name"]] for a in signature["outputArg"]]
    results = [graph.get_tensor_by_name(n if ":" in n else f"{n}:0") for n in names]
    definition = graph_to_function_def(graph, operations, arguments, results)
    definition.signature.name = signature["name"]
    return definition


def _add_node(node_def: Any, node: dict[str, Any], weights: Mapping[str, np.ndarray]) -> None:
    from google.protobuf import json_format
    from tensorflow import as_dtype, make_tensor_proto

    json_format.ParseDict(node, node_def)
    if node["op"] == "Const":
        proto = make_tensor_proto(weights[node["name"]])
        node_def.attr["value"].tensor.CopyFrom(proto)
        node_def.attr["dtype"].type = as_dtype(proto.dtype).as_datatype_enum


def _unfused(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Plain operations for a fused one; the last has its name."""
    if node["op"] == "Prelu":
        yield from _prelu(node["name"], *node["input"])
        return
    if node["op"] not in _PLAIN:
        yield node
        return
    name, (x, weights, *arguments) = node["name"], node["input"]
    attributes = node["attr"]
    fused = [base64.b64decode(s).decode() for s in attributes["fused_ops"]["list"]["s"]]
    plain = {k: v for k, v in attributes.items() if k not in _FUSION_ATTRIBUTES} | _FLOAT
    if "s" in attributes.get("padding", {}) and "list" in attributes.get("explicit_paddings", {}):
        plain["explicit_paddings"] = attributes["explicit_paddings"]
    current = f"{name}/plain"
    yield {"name": current, "op": _PLAIN[node["op"]], "input": [x, weights], "attr": plain}
    for index, op in enumerate(fused):
        previous, current = current, name if index == len(fused) - 1 else f"{name}/{op}"
        if op == "Prelu":
            yield from _prelu(current, previous, arguments.pop(0))
            continue
        inputs = [previous, arguments.pop(0)] if op == "BiasAdd" else [previous]
        attr = dict(_FLOAT)
        if op == "LeakyRelu":
            attr["alpha"] = attributes["leakyrelu_alpha"]
        yield {"name": current, "op": op, "input": inputs, "attr": attr}


def _prelu(name: str, x: str, alpha: str) -> Iterator[dict[str, Any]]:
    """`relu(x) - alpha * relu(-x)`."""
    yield {"name": f"{name}/positive", "op": "Relu", "input": [x], "attr": _FLOAT}
    yield {"name": f"{name}/minus", "op": "Neg", "input": [x], "attr": _FLOAT}
    yield {"name": f"{name}/negative", "op": "Relu", "input": [f"{name}/minus"], "attr": _FLOAT}
    scaled = [alpha, f"{name}/negative"]
    yield {"name": f"{name}/scaled", "op": "Mul", "input": scaled, "attr": _FLOAT}
    yield {
        "name": name,
        "op": "Sub",
        "input": [f"{name}/positive", f"{name}/scaled"],
        "attr": _FLOAT,
    }
