"""Constant folding by TensorFlow's own optimiser (Grappler)."""

from __future__ import annotations

from collections.abc import Iterable

from tensorflow.core.framework.graph_pb2 import GraphDef

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
