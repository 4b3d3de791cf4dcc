"""A Keras 3 model as one frozen TensorFlow graph: traced once, fed to every converter.

The graph is inference only (`training=False`, so dropout and augmentation vanish), every variable
is a constant, the batch is free, and inputs and outputs keep the Keras model's names and order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeproof.convert.augmentation import without_augmentation
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.plain_names import plain_names
from edgeproof.convert.unrolling import unrolled

if TYPE_CHECKING:
    import keras
    import numpy as np
    from tensorflow.core.framework.graph_pb2 import GraphDef


@dataclass(frozen=True)
class GraphTensor:
    """An input or output of a frozen graph.

    Attributes:
        name: the name users know: the Keras input's or output layer's.
        tensor: the tensor in the graph, `node:index`.
        dtype: NumPy's name of its type.
        shape: with None where the size is free, always so for the batch; None for a free rank.
    """

    name: str
    tensor: str
    dtype: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class FrozenGraph:
    """A model's arithmetic without variables. `graph_def` is shared: copy it before changing it."""

    graph_def: GraphDef
    inputs: tuple[GraphTensor, ...]
    outputs: tuple[GraphTensor, ...]


# measured with an LSTM of 32 units and 500 steps, 2 busy cores: TF.js runs it in 0.2 s unrolled and
# in 1.2 s as a loop, but unrolling takes 65 s and 1.3 MB of JSON instead of 2 s and 15 KB
UNROLLED_STEPS = 256


@dataclass(frozen=True)
class Trace:
    """A model as one TensorFlow function for inference, its variables still variables."""

    function: Any
    model_name: str
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]

    def run(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs of one batch, in the model's order, in their own types."""
        import tensorflow as tf

        specs = self.function.inputs[: len(arrays)]
        tensors = [tf.cast(a, spec.dtype) for a, spec in zip(arrays, specs, strict=True)]
        return [tf.convert_to_tensor(t).numpy() for t in tf.nest.flatten(self.function(*tensors))]


def freeze(model: keras.Model, *, batch: int | None = None) -> FrozenGraph:
    """Trace a built Keras model for inference and freeze its variables. Raises as `trace`."""
    return frozen_trace(trace(model, batch=batch))


def trace(model: keras.Model, *, batch: int | None = None) -> Trace:
    """Trace a built Keras model for inference, as `model.predict` does.

    Recurrent layers over at most `UNROLLED_STEPS` steps are unrolled: TF.js runs that faster and
    TFLite's calibration sees inside; longer ones, and those of a free length, stay `While` nodes
    with functions.

    Args:
        batch: the fixed batch, or None for a free one. TFLite's recurrent loops need it fixed.

    Raises:
        ConvertError: the model has no inputs or outputs yet, or it cannot be traced.
    """
    import tensorflow as tf

    symbolic_inputs, symbolic_outputs = _symbolic_tensors(model)
    specs = [
        tf.TensorSpec((batch, *tensor.shape[1:]), tensor.dtype, name=f"input_{index}")
        for index, tensor in enumerate(symbolic_inputs)
    ]
    structure = input_structure(model, symbolic_inputs)

    def call(*tensors: Any) -> list[Any]:
        structured = tf.nest.pack_sequence_as(structure, list(tensors))
        return [tf.convert_to_tensor(t) for t in tf.nest.flatten(model(structured, training=False))]

    try:
        with unrolled(model, UNROLLED_STEPS), without_augmentation(model), plain_names(model):
            concrete = tf.function(call, autograph=False).get_concrete_function(*specs)
    except (ValueError, TypeError, tf.errors.OpError) as error:
        raise _untraceable(model.name, error) from error
    return Trace(
        concrete,
        model.name,
        tuple(t.name for t in symbolic_inputs),
        tuple(_output_names(model, len(symbolic_outputs))),
    )


def frozen_trace(traced: Trace) -> FrozenGraph:
    """The traced function with its variables as constants; half precision becomes float32.

    Raises:
        ConvertError: it holds state that cannot become constants.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    try:
        frozen = convert_variables_to_constants_v2(traced.function, lower_control_flow=False)
    except (ValueError, TypeError, tf.errors.OpError) as error:
        raise _untraceable(traced.model_name, error) from error
    if len(frozen.inputs) != len(traced.input_names):
        raise ConvertError(
            f"expected a model whose state is in its weights, got {traced.model_name!r}, which "
            "keeps resources such as lookup tables that cannot be frozen; move them out of the "
            "model"
        )
    from edgeproof.convert.integer_products import float_products
    from edgeproof.convert.softsign import spelled_out
    from edgeproof.convert.tfjs.narrow import HALVES, has_halves, narrow

    graph_def = spelled_out(float_products(frozen.graph.as_graph_def()))
    return FrozenGraph(
        narrow(graph_def, HALVES) if has_halves(graph_def) else graph_def,
        _graph_tensors(traced.input_names, frozen.inputs),
        _graph_tensors(traced.output_names, frozen.outputs),
    )


def _untraceable(name: str, error: Exception) -> ConvertError:
    return ConvertError(
        f"expected a model that TensorFlow can trace with a free batch, got {name!r}, "
        f"which stops with: {_first_line(error)}"
    )


def _symbolic_tensors(model: keras.Model) -> tuple[Sequence[Any], Sequence[Any]]:
    try:
        inputs, outputs = model.inputs, model.outputs
    except (AttributeError, ValueError):
        inputs = outputs = None
    if not inputs or not outputs:
        raise ConvertError(
            f"expected a model with known inputs and outputs, got {model.name!r} "
            f"({type(model).__name__}), which was never built; "
            "wrap it as keras.Model(inputs, model(inputs)) and save it again"
        )
    return inputs, outputs


def input_structure(model: keras.Model, symbolic_inputs: Sequence[Any]) -> Any:
    """How the model wants its inputs: one tensor, a list, a dictionary of them."""
    try:
        return model.input
    except AttributeError:  # Sequential and subclassed models have none until they are called
        return symbolic_inputs[0] if len(symbolic_inputs) == 1 else list(symbolic_inputs)


def _output_names(model: keras.Model, count: int) -> list[str]:
    names = list(getattr(model, "output_names", None) or [])
    if len(names) == count:
        return names
    # subclassed models have no output names of their own
    return [f"output_{index}" for index in range(count)]


def _graph_tensors(names: Iterable[str], tensors: Sequence[Any]) -> tuple[GraphTensor, ...]:
    unique: dict[str, Any] = {}
    for name, tensor in zip(names, tensors, strict=True):
        candidate, copy = name, 0
        while candidate in unique:  # a layer that is an output twice
            copy += 1
            candidate = f"{name}_{copy}"
        unique[candidate] = tensor
    return tuple(
        GraphTensor(
            name,
            tensor.name,
            "float32" if tensor.dtype.name in ("float16", "bfloat16") else tensor.dtype.name,
            None if tensor.shape.rank is None else tuple(tensor.shape.as_list()),
        )
        for name, tensor in unique.items()
    )


def _first_line(error: Exception) -> str:
    """What TensorFlow says, without Keras' frame around it and its colours."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith("Exception encountered when calling")]
    return next(iter(telling), repr(error))
