"""Can TF.js run this graph? Asked before anything is written."""

from __future__ import annotations

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import UNROLLED_STEPS
from edgeproof.convert.tfjs.control_flow import all_graphs, writes_lists
from edgeproof.convert.tfjs.graph import Graph, Node
from edgeproof.convert.tfjs.ops import TFJS_OPS, TFJS_VERSION


class UnsupportedOp(ConvertError):
    """The graph holds an operation that TF.js cannot run."""


def check_ops(graph: Graph) -> None:
    """Raise UnsupportedOp for the first operation that TF.js cannot run, naming its layer."""
    for node in (n for g in all_graphs(graph) for n in g):
        if node.op not in TFJS_OPS:
            raise UnsupportedOp(
                f"expected operations that TF.js {TFJS_VERSION} has, got {node.op} in layer "
                f"{layer_of(node.name)}; replace that layer, move it out of the model, "
                "or leave the TF.js variants out with --variants"
            )
        _check_data_format(node)
    for function in graph.functions:
        if any(writes_lists(inner.graph) for inner in function.graph.functions):
            # what the inner loop's last step wrote is freed when the outer one's step ends
            raise UnsupportedOp(
                f"expected recurrences beside each other, got one inside another, which TF.js "
                f"{TFJS_VERSION} does not run, in {function.name}; give the inner one a fixed "
                f"number of steps, {UNROLLED_STEPS} at most, or leave the TF.js variants out "
                "with --variants"
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
