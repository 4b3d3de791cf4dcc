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
