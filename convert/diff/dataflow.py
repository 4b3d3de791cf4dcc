"""What lies between the tensors that can be compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any


def reached(graph_def: Any, start: str, stops: Collection[str]) -> tuple[set[str], set[str]]:
    """Walk a graph backwards from the node `start`, as far as the nodes `stops`.

    Returns:
        The nodes that were passed, `start` among them, and the stops that were met.
    """
    inputs = {node.name: node.input for node in graph_def.node}
    passed, met = {start}, set[str]()
    waiting = [start]
    while waiting:
        for name in _producers(inputs[waiting.pop()]):
            if name in stops and name != start:
                met.add(name)
            elif name not in passed:
                passed.add(name)
                waiting.append(name)
    return passed, met


def _producers(references: Iterable[str]) -> Iterable[str]:
    return (r.removeprefix("^").partition(":")[0] for r in references)


def part_of(graph_def: Any, nodes: Collection[str], feeds: Collection[str]) -> Any:
    """A `GraphDef` of some nodes alone.

    Args:
        nodes: names of the nodes to keep.
        feeds: float32 nodes that are fed instead of computed, or the graph's own inputs.
    """
    from tensorflow.core.framework.graph_pb2 import GraphDef
    from tensorflow.core.framework.types_pb2 import DT_FLOAT

    part = GraphDef(versions=graph_def.versions, library=graph_def.library)
    for node in graph_def.node:
        if node.name in feeds and node.op != "Placeholder":
            part.node.add(name=node.name, op="Placeholder").attr["dtype"].type = DT_FLOAT
        elif node.name in nodes or node.name in feeds:
            part.node.add().CopyFrom(node)
    return part


def stops(graph_def: Any, tensors: Iterable[str]) -> dict[str, str]:
    """Of some tensors, those that can be fed in their node's place; by node.

    A node whose further outputs are read too, as those of a Split, cannot stand for one tensor.
    """
    references = [r for node in graph_def.node for r in node.input]
    several = {r.partition(":")[0] for r in references if not r.endswith(":0") and ":" in r}
    nodes = ((tensor.partition(":")[0], tensor) for tensor in tensors if tensor.endswith(":0"))
    return {node: tensor for node, tensor in nodes if node not in several}
