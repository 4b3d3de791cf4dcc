"""What each Keras layer hands on, by name in the graph that every variant is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeproof.convert.freeze import Trace, trace
from edgeproof.convert.keras_flavour import keras_of

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class LayerCall:
    """One tensor that one call of a layer gave.

    Attributes:
        layer: path of the layer, `encoder/conv` in a nested model; `conv#2` for the second call of
            a shared layer, `lstm:1` for the second tensor of a call.
        kind: the layer's class.
        tensor: `node:index` in the traced graph.
    """

    layer: str
    kind: str
    tensor: str


def traced_calls(model: keras.Model) -> tuple[Trace, list[LayerCall]]:
    """Trace the model and note what its layers hand on, in the order in which they end.

    A tensor that several layers hand on unchanged (a dropout, a nested model) counts for the first.
    What is computed inside a loop is not in the graph itself and is left out.

    Raises:
        ConvertError: as `trace`.
    """
    with _recorded(model) as recorded:
        traced = trace(model)
    graph, seen, numbers = traced.function.graph, set[str](), Counter[tuple[str, int]]()
    calls = []
    for layers, position, tensor in recorded:
        path = "/".join(layer.name for layer in layers)
        numbers[path, position] += 1
        if tensor.graph is not graph or tensor.name in seen:
            continue
        seen.add(tensor.name)
        number = numbers[path, position]
        label = path + (f"#{number}" if number > 1 else "") + (f":{position}" if position else "")
        calls.append(LayerCall(label, type(layers[-1]).__name__, tensor.name))
    return traced, calls


_Record = tuple[tuple[Any, ...], int, Any]


@contextmanager
def _recorded(model: keras.Model) -> Iterator[list[_Record]]:
    """Note the outputs of all layers inside the model; the layer class is put back afterwards."""
    import tensorflow as tf

    layer_class = keras_of(model).layers.Layer
    original = layer_class.__call__
    active: list[Any] = []
    records: list[_Record] = []

    def recording(layer: Any, *args: Any, **kwargs: Any) -> Any:
        active.append(layer)
        try:
            result = original(layer, *args, **kwargs)
            path = tuple(active[1:])
        finally:
            active.pop()
        # an unrolled recurrence calls its cell once per step, which is no layer of its own
        if path and not any(hasattr(outer, "cell") for outer in path[:-1]):
            tensors = tf.nest.flatten(result)
            records.extend(
                (path, position, tensor)
                for position, tensor in enumerate(tensors)
                if tf.is_symbolic_tensor(tensor)
            )
        return result

    layer_class.__call__ = recording
    try:
        yield records
    finally:
        layer_class.__call__ = original
