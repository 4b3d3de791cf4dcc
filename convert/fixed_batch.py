"""The same graph for a fixed batch, without tracing the model again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from edgeproof.convert.freeze import FrozenGraph, GraphTensor

if TYPE_CHECKING:
    from tensorflow.core.framework.node_def_pb2 import NodeDef

_LOOPS = frozenset({"While", "StatelessWhile"})


def has_loops(frozen: FrozenGraph) -> bool:
    """Does the graph hold loops, as recurrent layers over many or a free number of steps make?"""
    return any(node.op in _LOOPS for node in _all_nodes(frozen))


def with_batch(frozen: FrozenGraph, batch: int) -> FrozenGraph:
    """A copy of a graph of free batch whose inputs and outputs have this batch.

    Only the placeholders are changed and shapes that tracing noted down are forgotten: whoever
    reads the graph infers the others.
    """
    inputs, outputs = _resized(frozen.inputs, batch), _resized(frozen.outputs, batch)
    placeholders = {t.tensor.partition(":")[0]: t for t in inputs}
    result = FrozenGraph(type(frozen.graph_def)(), inputs, outputs)
    result.graph_def.CopyFrom(frozen.graph_def)
    for node in _all_nodes(result):
        node.attr.pop("_output_shapes", None)
    for node in result.graph_def.node:
        if node.name in placeholders:
            shape = node.attr["shape"].shape
            if not shape.unknown_rank and shape.dim:
                shape.dim[0].size = batch
    return result


def _all_nodes(frozen: FrozenGraph) -> Iterator[NodeDef]:
    yield from frozen.graph_def.node
    for function in frozen.graph_def.library.function:
        yield from function.node_def


def _resized(tensors: Iterable[GraphTensor], batch: int) -> tuple[GraphTensor, ...]:
    return tuple(
        dataclasses.replace(t, shape=(batch, *t.shape[1:]) if t.shape else t.shape) for t in tensors
    )
