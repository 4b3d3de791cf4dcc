"""Shapes of every tensor of a graph, inferred by TensorFlow."""

from __future__ import annotations

from edgeproof.convert.tfjs.graph import Graph, canonical

Shapes = dict[str, tuple[int | None, ...] | None]


def tensor_shapes(graph: Graph) -> Shapes:
    """Shape by tensor reference, with None for a free size and for an unknown rank."""
    import tensorflow as tf

    with tf.Graph().as_default() as inferred:
        tf.import_graph_def(graph.to_graph_def(), name="")
    return {
        canonical(tensor.name): (
            None if tensor.shape.rank is None else tuple(tensor.shape.as_list())
        )
        for operation in inferred.get_operations()
        for tensor in operation.outputs
    }
