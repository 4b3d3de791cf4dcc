"""A TensorFlow graph run with its intermediate tensors: Keras' own trace, and TF.js graph models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.tfjs.reader import plain_graph

# their outputs may be dead, which cannot be fetched
_CONTROL_FLOW = ("Switch", "Merge", "Enter", "Exit", "NextIteration", "RefSwitch", "RefMerge")


class GraphTensors:
    """A `GraphDef` that returns tensors by name."""

    def __init__(
        self, graph_def: Any, feeds: Sequence[str], names: Sequence[str] | None = None
    ) -> None:
        """Prepare.

        Args:
            feeds: the input tensors, in the model's order.
            names: what to return, `node:index`; by default each node's first output, under the
                node's name, where it is a float32 tensor that is computed.

        Raises:
            ConvertError: TensorFlow refuses the graph.
        """
        import tensorflow as tf

        try:
            wrapped = tf.compat.v1.wrap_function(
                lambda: tf.import_graph_def(graph_def, name=""), signature=[]
            )
            element = wrapped.graph.as_graph_element
            inputs = [element(feed) for feed in feeds]
            wanted = _computed(wrapped.graph) if names is None else _present(wrapped.graph, names)
            self._function = wrapped.prune(inputs, list(wanted.values()))
        except (ValueError, KeyError, tf.errors.OpError) as error:
            raise ConvertError(f"TensorFlow cannot run the graph: {error}") from error
        self.names = tuple(wanted)
        self._dtypes = [tensor.dtype for tensor in inputs]

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The tensors for one batch of the model's inputs."""
        import tensorflow as tf

        tensors = [tf.cast(x, dtype) for x, dtype in zip(inputs, self._dtypes, strict=True)]
        values = self._function(*tensors)
        return {n: v.numpy() for n, v in zip(self.names, values, strict=True)}


def tfjs_tensors(files: Mapping[str, bytes]) -> GraphTensors:
    """Every tensor of a TF.js graph model, read from its very bytes; fused operations in parts.

    Args:
        files: `model.json` and its shards, by name.

    Raises:
        ConvertError: not a graph model, or a shard is missing.
    """
    graph_def, feeds, _ = plain_graph(files)
    return GraphTensors(graph_def, feeds)


def _computed(graph: Any) -> dict[str, Any]:
    return {
        operation.name: operation.outputs[0]
        for operation in graph.get_operations()
        if operation.outputs
        and operation.outputs[0].dtype.name == "float32"
        and operation.type not in ("Const", "Placeholder", *_CONTROL_FLOW)
    }


def _present(graph: Any, names: Sequence[str]) -> dict[str, Any]:
    """Freezing may leave out a tensor that no output needs."""
    nodes = {operation.name for operation in graph.get_operations()}
    return {n: graph.as_graph_element(n) for n in names if n.partition(":")[0] in nodes}
