"""A SavedModel folder: its graph as it would be converted, without variables and unused nodes."""

from __future__ import annotations

import math
from pathlib import Path

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.inspect.inspection import (
    InspectError,
    Inspection,
    Weight,
    grouped,
    total_macs,
)
from edgeproof.edge.manifest import TensorSpec

# hold or hand on values and compute nothing
_NO_OPERATIONS = ("Const", "Identity", "NoOp", "Placeholder")


def inspect_saved_model(path: Path) -> Inspection:
    """Describe the signature `serving_default` of a SavedModel, or its only one.

    Raises:
        InspectError: it cannot be read or traced, or has several signatures of other names.
    """
    import tensorflow as tf

    from edgeproof.convert.freeze import freeze
    from edgeproof.convert.inspect.graph_costs import graph_macs
    from edgeproof.convert.saved_model import model_from_saved_model

    try:
        frozen = freeze(model_from_saved_model(path))
    except ConvertError as error:
        raise InspectError(str(error)) from error
    macs = graph_macs(frozen.graph_def)
    users: dict[str, str] = {}
    for node in frozen.graph_def.node:
        for reference in node.input:
            users.setdefault(reference.partition(":")[0], node.name)
    computed = [n for n in frozen.graph_def.node if n.op not in _NO_OPERATIONS]
    operations = grouped((node.op, macs[node.name]) for node in computed)
    weights = []
    for node in frozen.graph_def.node:
        dtype = tf.as_dtype(node.attr["dtype"].type) if node.op == "Const" else None
        if dtype is None or not dtype.is_floating:
            continue
        shape = tuple(size.size for size in node.attr["value"].tensor.tensor_shape.dim)
        size = math.prod(shape) * dtype.size
        weights.append(Weight(node.name, users.get(node.name, ""), dtype.name, shape, size))
    return Inspection(
        str(path),
        "saved-model",
        sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        tuple(TensorSpec(t.name, t.dtype, t.shape or ()) for t in frozen.inputs),
        tuple(TensorSpec(t.name, t.dtype, t.shape or ()) for t in frozen.outputs),
        operations,
        sum(math.prod(weight.shape) for weight in weights),
        total_macs(operations),
        tuple(weights),
    )
