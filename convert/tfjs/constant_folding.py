"""Constant folding by TensorFlow's own optimiser (Grappler)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

# "function" inlines calls (Keras compiles grouped convolutions into one). Folding twice, for it
# opens the way for more where a removed node stood between two constants
_OPTIMISERS = ("function", "constfold", "dependency", "constfold", "dependency")
# Grappler copies the whole graph a dozen times: 190 MB for the 14 MB of MobileNetV2's weights
# instead of 20. From this size on, constants wait outside
_LARGE_BYTES = 2**14


def fold_constants(graph_def: GraphDef, fetches: Iterable[str]) -> GraphDef:
    """Compute what can be computed now and drop operations that change nothing.

    Args:
        fetches: tensors whose nodes must keep their names: the graph's inputs and outputs.
    """
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.grappler import tf_optimizer

    weights = _weights(graph_def)
    meta_graph = meta_graph_pb2.MetaGraphDef()
    bare = meta_graph.graph_def
    bare.versions.CopyFrom(graph_def.versions)
    bare.library.CopyFrom(graph_def.library)
    for node in graph_def.node:
        bare.node.add().CopyFrom(_placeholder(node) if node.name in weights else node)
    meta_graph.collection_def["train_op"].node_list.value.extend(fetches)

    config = config_pb2.ConfigProto()
    rewrites = config.graph_options.rewrite_options
    rewrites.optimizers.extend(_OPTIMISERS)
    rewrites.meta_optimizer_iterations = 1
    rewrites.min_graph_nodes = -1  # small graphs too
    folded = tf_optimizer.OptimizeGraph(config, meta_graph)
    for node in folded.node:
        if node.name in weights:
            node.CopyFrom(weights[node.name])
    return folded


def _weights(graph_def: GraphDef) -> dict[str, NodeDef]:
    """Large constants that nothing can be computed from, for they meet an input at once."""
    consumers: dict[str, list[NodeDef]] = defaultdict(list)
    for node in graph_def.node:
        for reference in node.input:
            if not reference.startswith("^"):  # an order of execution uses no value
                consumers[reference.split(":")[0]].append(node)

    variable: set[str] = set()
    waiting = [n for n in graph_def.node if not n.input and n.op != "Const"]
    while waiting:
        node = waiting.pop()
        if node.name not in variable:
            variable.add(node.name)
            waiting += consumers[node.name]

    def meets_inputs_only(name: str) -> bool:
        return all(
            meets_inputs_only(c.name) if c.op == "Identity" else c.name in variable
            for c in consumers[name]
        )

    return {
        node.name: node
        for node in graph_def.node
        if node.op == "Const" and node.ByteSize() >= _LARGE_BYTES and meets_inputs_only(node.name)
    }


def _placeholder(weight: NodeDef) -> NodeDef:
    node = NodeDef(name=weight.name, op="Placeholder")
    node.attr["dtype"].CopyFrom(weight.attr["dtype"])
    node.attr["shape"].shape.CopyFrom(weight.attr["value"].tensor.tensor_shape)
    return node
