"""What Keras answers: the truth that every variant is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import Trace

if TYPE_CHECKING:
    import keras

# bytes of input per run: one picture of 224 x 224 at a time, which takes half the memory of four
# (54 instead of 118 MB for MobileNetV2) and is no slower, and hundreds of digits
_BATCH_BYTES = 2**20
# relative to the largest output. Float arithmetic in another order stays below 1e-5; half
# precision rounds at 1e-3 per operation, and the graph may keep more digits in between
_SAME = 1e-3
_SAME_IN_HALF = 5e-2


def keras_outputs(model: keras.Model, traced: Trace, arrays: Sequence[np.ndarray]) -> list[Any]:
    """The model's outputs in its order, as float32, run for inference in small batches.

    They come from the traced function, as those of `model.predict` do; layer by layer, Keras needs
    5 times as long for a deep model. That both are the same is checked with the first samples.

    Raises:
        ConvertError: they are not: the model answers at random, or differently inside a graph.
    """
    size = model.inputs[0].shape[0] or max(1, _BATCH_BYTES // sum(a[0].nbytes for a in arrays))
    parts = [
        traced.run([array[start : start + size] for array in arrays])
        for start in range(0, len(arrays[0]), size)
    ]
    outputs = [np.concatenate(part).astype(np.float32) for part in zip(*parts, strict=True)]
    count = model.inputs[0].shape[0] or 1
    limit = _SAME if _compute_dtype(model) == "float32" else _SAME_IN_HALF
    eager = layer_by_layer(model, [array[:count] for array in arrays])
    for whole, expected in zip(outputs, eager, strict=True):
        difference = np.abs(whole[:count] - expected).max(initial=0)
        if not difference <= limit * np.abs(expected).max(initial=0) + 1e-6:
            raise ConvertError(
                f"expected the same answers from {model.name!r} run layer by layer and as a graph, "
                f"got a difference of {difference:.3g}; a layer answers at random or depends on "
                "how it is run: fix that layer's call"
            )
    return outputs


def layer_by_layer(model: keras.Model, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of one batch as float32, each layer run by itself."""
    import tensorflow as tf

    outputs = tf.nest.flatten(model(_structured(model, list(arrays)), training=False))
    return [tf.cast(output, tf.float32).numpy() for output in outputs]


def _compute_dtype(model: keras.Model) -> str:
    """float32, or the half precision that any layer computes in."""
    types = {layer.compute_dtype for layer in model._flatten_layers(include_self=False)}
    return next((t for t in ("float16", "bfloat16") if t in types), "float32")


def _structured(model: keras.Model, arrays: list[np.ndarray]) -> Any:
    """The arrays in the form that the model was built for: alone, or as a list or dictionary."""
    import tensorflow as tf

    try:
        form = model.input
    except AttributeError:  # a Sequential or subclassed model that was loaded and never called
        form = model.inputs if len(arrays) > 1 else model.inputs[0]
    return tf.nest.pack_sequence_as(form, arrays)
