"""Constant folding by TensorFlow's own optimiser (Grappler)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from edgeproof.convert.errors import ConvertError

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

    Raises:
        ConvertError: an operation that exists for 64-bit integers only, which TF.js lacks.
    """
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.grappler import tf_optimizer

    weights = _weights(graph_def)
    bare = GraphDef(versions=graph_def.versions, library=graph_def.library)
    for node in graph_def.node:
        bare.node.add().CopyFrom(_placeholder(node) if node.name in weights else node)
    meta_graph = meta_graph_pb2.MetaGraphDef(graph_def=_with_known_sizes(bare))
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


def _with_known_sizes(graph_def: GraphDef) -> GraphDef:
    """In place: `shape(x)[1]` as a constant, where only other sizes of x are free.

    Grappler leaves those. Masks of causal attention depend on them alone, and TF.js gets their
    making wrong: on wasm it selects among booleans as if they were four bytes wide.
    """
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        try:
            tf.import_graph_def(graph_def, name="")
        except ValueError as error:  # string hashing, for one, makes 64 bits whatever it is told
            raise ConvertError(
                "expected a graph that runs on 32-bit integers, which TF.js has, got: "
                f"{str(error).splitlines()[0][:200]}; replace that layer, or leave the TF.js "
                "variants out with --variants"
            ) from error
        sizes = {o.name: _known_size(o) for o in graph.get_operations()}
    for node in graph_def.node:
        size = sizes.get(node.name)
        if size is not None:
            kind = node.attr["T"].type
            node.op = "Const"
            del node.input[:]
            node.attr.clear()
            node.attr["dtype"].type = kind
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(size, dtype=kind))
    return graph_def


def _known_size(operation: Any) -> int | None:
    """The size that a strided slice takes from a shape, if that is what it does."""
    import tensorflow as tf

    if operation.type != "StridedSlice" or operation.get_attr("shrink_axis_mask") != 1:
        return None
    shape, begin = operation.inputs[0].op, tf.get_static_value(operation.inputs[1])
    if shape.type != "Shape" or begin is None or shape.inputs[0].shape.rank is None:
        return None
    sizes: list[int | None] = shape.inputs[0].shape.as_list()
    return sizes[int(begin[0])]
