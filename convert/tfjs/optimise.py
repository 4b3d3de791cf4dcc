"""The order of the passes, and why."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tensorflow.core.framework.graph_pb2 import GraphDef

from edgeproof.convert.freeze import FrozenGraph
from edgeproof.convert.tfjs.activations import fuse, recognise_prelu
from edgeproof.convert.tfjs.affine import fold_affine
from edgeproof.convert.tfjs.constant_folding import fold_constants
from edgeproof.convert.tfjs.control_flow import add_functions
from edgeproof.convert.tfjs.graph import Graph, producer
from edgeproof.convert.tfjs.lowering import lower
from edgeproof.convert.tfjs.narrow import narrow
from edgeproof.convert.tfjs.neutral import drop_neutral
from edgeproof.convert.tfjs.parameters import parameter_constants
from edgeproof.convert.tfjs.views import make_shapes_constant, sink_views


def optimised(frozen: FrozenGraph) -> Graph:
    """The graph as TF.js runs it fastest: folded, fused, without unused nodes."""
    inputs = [producer(i.tensor) for i in frozen.inputs]
    return _optimised(narrow(frozen.graph_def), inputs, [o.tensor for o in frozen.outputs], "")


def _optimised(
    graph_def: GraphDef, inputs: Sequence[str], outputs: Sequence[str], prefix: str
) -> Graph:
    """A graph or a function; `prefix` is of the names of what it calls in turn."""
    graph = Graph(fold_constants(graph_def, [*inputs, *outputs]), outputs)
    _drop_control_inputs(graph)
    drop_neutral(graph)
    lower(graph)
    make_shapes_constant(graph)
    graph.prune(inputs)  # before fusion, which asks whether a node has one consumer only
    recognise_prelu(graph)
    sink_views(graph)
    graph.prune(inputs)
    fold_affine(graph)
    graph.prune(inputs)
    fuse(graph)
    graph.prune(inputs)
    add_functions(graph, _optimised, prefix)
    _share_equal_constants(graph)
    graph.prune(inputs)
    graph.sort()
    return graph


def _drop_control_inputs(graph: Graph) -> None:
    """Inference has no side effects to order; TF.js counts control inputs as arguments."""
    for node in graph:
        graph.set_inputs(node, [i for i in node.inputs if not i.startswith("^")])


def _share_equal_constants(graph: Graph) -> None:
    """Store equal constants once: shapes and axes that repeat, layers that are shared.

    What JavaScript reads (`parameters.py`) is not shared with what is computed with.
    """
    parameters = parameter_constants(graph)
    first: dict[tuple[str, tuple[int, ...], bytes, bool], str] = {}
    for name, value in graph.constants.items():
        if value.dtype.kind == "O":
            continue
        digest = hashlib.sha256(value.tobytes()).digest()
        key = (value.dtype.name, value.shape, digest, name in parameters)
        graph.redirect(name, first.setdefault(key, name))
