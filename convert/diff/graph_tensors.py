"""A TensorFlow graph run with all its tensors: Keras' own trace, and TF.js graph models."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from edgeproof.convert.diff.dataflow import part_of
from edgeproof.convert.diff.errors import DiffError
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
            self._run = wrapped.prune(inputs, list(wanted.values()))
        except (ValueError, KeyError, tf.errors.OpError) as error:
            raise ConvertError(f"TensorFlow cannot run the graph: {error}") from error
        self.names = tuple(wanted)
        self._inputs = inputs

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The tensors for one batch of the model's inputs."""
        values = self._run(*_cast(inputs, self._inputs))
        return {n: v.numpy() for n, v in zip(self.names, values, strict=True)}


class GraphPart:
    """What computes one tensor of a graph from others; a small graph of its own.

    Pruned from the whole graph each part of ResNet-8 took 0.5 s, as a graph of its own 0.03 s.
    """

    def __init__(
        self, graph_def: Any, nodes: Collection[str], reads: Sequence[str], result: str
    ) -> None:
        """Cut it out.

        Args:
            nodes: all that lies between the tensor `result` and the tensors `reads`.
            reads: the model's inputs too, where they are read.
        """
        import tensorflow as tf

        part = part_of(graph_def, nodes, [read.partition(":")[0] for read in reads])
        wrapped = tf.compat.v1.wrap_function(
            lambda: tf.import_graph_def(part, name=""), signature=[]
        )
        element = wrapped.graph.as_graph_element
        self._feeds = [element(read) for read in reads]
        self._run = wrapped.prune(self._feeds, element(result))

    def run(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """The tensor, from the values of what it reads."""
        return np.asarray(self._run(*_cast(values, self._feeds)))


def _cast(arrays: Sequence[np.ndarray], tensors: Sequence[Any]) -> list[Any]:
    import tensorflow as tf

    return [tf.cast(x, tensor.dtype) for x, tensor in zip(arrays, tensors, strict=True)]


def tfjs_tensors(files: Mapping[str, bytes]) -> GraphTensors:
    """Every tensor of a TF.js graph model, read from its very bytes; fused operations in parts.

    Args:
        files: `model.json` and its shards, by name.

    Raises:
        ConvertError: not a graph model, or a shard is missing.
        DiffError: it has loops or branches.
    """
    graph_def, feeds, _ = plain_graph(files)
    if graph_def.library.function:
        # TensorFlow holds functions by name for the process, and Keras' trace has other ones
        raise DiffError(
            "expected a TF.js graph model without loops or branches, got one that calls functions, "
            "which cannot run beside Keras' own; compare a TFLite variant"
        )
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
