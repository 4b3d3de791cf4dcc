"""What can be computed is computed, also of large weights, and those that cannot stay whole."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from edgeproof.convert.tfjs import constant_folding
from edgeproof.convert.tfjs.constant_folding import fold_constants

_WEIGHT = np.random.default_rng(0).normal(size=(128, 128)).astype(np.float32)
_IMAGE = np.ones((1, 128), np.float32)


def _graph(function: Callable[[tf.Tensor], tf.Tensor]) -> tuple[GraphDef, list[str]]:
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (1, 128), name="x")
        tf.identity(function(x), name="y")
    return graph.as_graph_def(), ["x:0", "y:0"]


def _run(graph_def: GraphDef) -> np.ndarray:
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    with tf.compat.v1.Session(graph=graph) as session:
        return session.run("y:0", {"x:0": _IMAGE})


def test_a_large_weight_waits_outside_and_comes_back_whole() -> None:
    graph_def, fetches = _graph(lambda x: tf.matmul(x, tf.identity(tf.constant(_WEIGHT))))
    assert len(constant_folding._weights(graph_def)) == 1
    folded = fold_constants(graph_def, fetches)
    assert {n.op for n in folded.node} <= {"Placeholder", "Const", "Identity", "MatMul"}
    assert sum(n.op == "Placeholder" for n in folded.node) == 1
    np.testing.assert_array_equal(_run(folded), _run(graph_def))


def test_what_depends_on_large_constants_alone_is_computed() -> None:
    graph_def, fetches = _graph(lambda x: tf.matmul(x, tf.transpose(tf.constant(_WEIGHT)) * 2))
    assert not constant_folding._weights(graph_def)
    folded = fold_constants(graph_def, fetches)
    assert not {"Transpose", "Mul"} & {n.op for n in folded.node}
    np.testing.assert_array_equal(_run(folded), _run(graph_def))


def test_a_weight_of_both_kinds_of_consumers_is_not_hidden() -> None:
    def function(x: tf.Tensor) -> tf.Tensor:
        weight = tf.constant(_WEIGHT)
        return tf.matmul(x, weight) + tf.reduce_sum(weight)

    graph_def, fetches = _graph(function)
    assert not constant_folding._weights(graph_def)
    folded = fold_constants(graph_def, fetches)
    assert "Sum" not in {n.op for n in folded.node}
    np.testing.assert_array_equal(_run(folded), _run(graph_def))
