"""Keras layers as operations of a float .tflite: what one name to `--keep-float` stands for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeproof.convert.diff.dataflow import reached, stops
from edgeproof.convert.diff.graph_tensors import GraphTensors
from edgeproof.convert.diff.layer_calls import LayerCall
from edgeproof.convert.diff.matching import matched_tensors
from edgeproof.convert.diff.tflite_tensors import TfliteTensors
from edgeproof.convert.flatbuffer import read_tflite
from edgeproof.convert.freeze import FrozenGraph
from edgeproof.edge.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Layer:
    """Operations that are left in float together, under the name of the layer that ends them.

    Attributes:
        name: the layer's path, as `edgeproof diff` prints it.
        covers: layers that are computed by the same operations, fused into them.
        operations: positions in the file's main graph.
    """

    name: str
    covers: tuple[str, ...]
    operations: frozenset[int]


def tflite_layers(
    float_model: bytes,
    frozen: FrozenGraph,
    calls: Sequence[LayerCall],
    arrays: Sequence[np.ndarray],
) -> tuple[Layer, ...]:
    """The layers whose output a float32 .tflite of the model holds, in the order of their calls.

    An operation after the last such output belongs to the layer that feeds it.

    Args:
        calls: of `traced_calls`, which made the trace that was frozen.
        arrays: a few inputs as the model takes them; layers are found by what they compute.

    Raises:
        UsageError: there are none: a SavedModel, or a model that is one call.
    """
    feeds = [tensor.tensor for tensor in frozen.inputs]
    own = GraphTensors(frozen.graph_def, feeds, [call.tensor for call in calls]).run(arrays)
    matched = matched_tensors(calls, own, TfliteTensors(float_model, frozen).run(arrays))
    if not matched:
        raise UsageError(
            "expected a model of Keras layers for --keep-float, got one that has none that are run "
            "by name; only models saved by Keras can be taken apart"
        )
    graph = read_tflite(float_model).subgraphs[0]
    positions = {tensor.name.decode(): index for index, tensor in enumerate(graph.tensors)}
    ends = {tensor: positions[name] for tensor, name in matched.items()}
    by_node = stops(frozen.graph_def, matched)
    operations = _by_end(graph, list(ends.values()))
    layers = []
    for call in (c for c in calls if c.tensor in matched):
        passed, _ = reached(frozen.graph_def, _node(call.tensor), by_node)
        covers = (c.layer for c in calls if c is not call and _node(c.tensor) in passed)
        own_operations = frozenset(operations[ends[call.tensor]])
        layers.append(Layer(call.layer, tuple(covers), own_operations))
    return tuple(layer for layer in layers if layer.operations)


def named_layers(layers: Sequence[Layer], names: Iterable[str]) -> tuple[Layer, ...]:
    """The layers that the user names: by path or the layer's own name, which means all of its
    calls; one that is fused into others by theirs, and a nested model for all that is in it.

    Raises:
        UsageError: no such layer; the nearest is suggested.
    """
    known = list(dict.fromkeys(n for layer in layers for n in (*layer.covers, layer.name)))
    chosen = set[str]()
    for name in names:
        found = [layer.name for layer in layers if _is_named(layer, name)]
        if not found:
            raise UsageError(
                f"expected layers that the .tflite computes for --keep-float "
                f"({', '.join(known[:12])}{', ...' if len(known) > 12 else ''}), "
                f"got {name!r}{did_you_mean(name, known)}"
            )
        chosen.update(found)
    return tuple(layer for layer in layers if layer.name in chosen)


def _is_named(layer: Layer, name: str) -> bool:
    for path in (layer.name, *layer.covers):
        bare = path.partition(":")[0].partition("#")[0]
        if name in (path, bare, bare.rpartition("/")[2]) or bare.startswith(f"{name}/"):
            return True
    return False


def _by_end(graph: Any, ends: Collection[int]) -> dict[int, set[int]]:
    """Of each tensor in `ends` the operations between it and the others."""
    makers = {int(t): i for i, operation in enumerate(graph.operators) for t in operation.outputs}
    owned = {end: set(_backwards(graph, makers, end, ends)) for end in ends}
    owners = {operation: end for end, operations in owned.items() for operation in operations}
    # operations are stored in an order in which they can run: whatever feeds one has its owner
    for index, operation in enumerate(graph.operators):
        feeding = [owners[makers[t]] for t in operation.inputs if makers.get(t) in owners]
        if index not in owners and feeding:
            owners[index] = feeding[-1]
            owned[feeding[-1]].add(index)
    return owned


def _backwards(
    graph: Any, makers: dict[int, int], end: int, ends: Collection[int]
) -> Iterator[int]:
    waiting, seen = [end], {end}
    while waiting:
        tensor = waiting.pop()
        if tensor not in makers:  # an input or a constant
            continue
        yield makers[tensor]
        for source in map(int, graph.operators[makers[tensor]].inputs):
            if source not in seen and source not in ends:
                seen.add(source)
                waiting.append(source)


def _node(tensor: str) -> str:
    return tensor.partition(":")[0]
