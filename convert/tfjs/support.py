"""Can TF.js run this graph? Asked before anything is written."""

from __future__ import annotations

from collections.abc import Iterable

from tensorflow.core.framework.node_def_pb2 import NodeDef

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.tfjs.graph import Graph, Node
from edgeproof.convert.tfjs.ops import TFJS_OPS, TFJS_VERSION

_WAYS_OUT = {
    "Lgamma": "it has no gamma function",
    "FusedResizeAndPadConv2D": "resize and convolve in two layers",
    "SparseTensorDenseMatMul": "feed dense inputs",
    "DenseBincount": "use CategoryEncoding outside the model",
}
_DEFAULT_WAY_OUT = (
    "replace that layer, move it out of the model, "
    "or leave the TF.js variants out with --variants"
)


class UnsupportedOp(ConvertError):
    """The graph holds an operation that TF.js cannot run."""


def check_ops(graph: Graph) -> None:
    """Raise UnsupportedOp for the first operation that TF.js lacks, naming its layer."""
    function_nodes = (n for f in graph.library.function for n in f.node_def)
    _check_known(graph)
    _check_known(function_nodes)
    for node in graph:
        _check_data_format(node)


def _check_known(nodes: Iterable[Node | NodeDef]) -> None:
    for node in nodes:
        if node.op not in TFJS_OPS:
            way_out = _WAYS_OUT.get(node.op, _DEFAULT_WAY_OUT)
            raise UnsupportedOp(
                f"expected operations that TF.js {TFJS_VERSION} has, got {node.op} in layer "
                f"{layer_of(node.name)} (node {node.name}); {way_out}"
            )


def _check_data_format(node: Node) -> None:
    # the cpu and wasm backends refuse convolutions and pooling with channels first
    if node.op != "BiasAdd" and "data_format" in node.attr:
        data_format = node.attr["data_format"].s.decode()
        if data_format.startswith("NC"):
            raise UnsupportedOp(
                f"expected channels last, which is all that TF.js runs everywhere, got {node.op} "
                f"with {data_format} in layer {layer_of(node.name)}; "
                'build the model with data_format="channels_last"'
            )


def layer_of(node_name: str) -> str:
    """The layer's path in a node's name: all but the operation itself, without the model."""
    parts = node_name.split("/")
    return "/".join(parts[1:-1]) or parts[0]
