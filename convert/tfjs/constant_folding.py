"""Constant folding by TensorFlow's own optimiser (Grappler)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tensorflow.core.framework.graph_pb2 import GraphDef

from edgeproof.convert.errors import ConvertError

# "function" inlines calls (Keras compiles grouped convolutions into one). Folding twice, for it
# opens the way for more where a removed node stood between two constants
_OPTIMISERS = ("function", "constfold", "dependency", "constfold", "dependency")


def fold_constants(graph_def: GraphDef, fetches: Iterable[str]) -> GraphDef:
    """Compute what can be computed now and drop operations that change nothing.

    Args:
        fetches: tensors whose nodes must keep their names: the graph's inputs and outputs.
    """
    import tensorflow as tf
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.grappler import tf_optimizer

    graph_def = _with_known_sizes(graph_def)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    meta_graph = tf.compat.v1.train.export_meta_graph(graph_def=graph_def, graph=graph)
    fetched = meta_graph_pb2.CollectionDef()
    fetched.node_list.value.extend(fetches)
    meta_graph.collection_def["train_op"].CopyFrom(fetched)

    config = config_pb2.ConfigProto()
    rewrites = config.graph_options.rewrite_options
    rewrites.optimizers.extend(_OPTIMISERS)
    rewrites.meta_optimizer_iterations = 1
    rewrites.min_graph_nodes = -1  # small graphs too
    return tf_optimizer.OptimizeGraph(config, meta_graph)


def _with_known_sizes(graph_def: GraphDef) -> GraphDef:
    """`shape(x)[1]` as a constant, where only other sizes of x are free; Grappler leaves those.

    Masks of causal attention depend on them alone, and TF.js gets their making wrong: on wasm it
    selects among booleans as if they were four bytes wide.
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
    result = GraphDef()
    result.CopyFrom(graph_def)
    for node in result.node:
        size = sizes.get(node.name)
        if size is not None:
            kind = node.attr["T"].type
            node.op = "Const"
            del node.input[:]
            node.attr.clear()
            node.attr["dtype"].type = kind
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(size, dtype=kind))
    return result


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
