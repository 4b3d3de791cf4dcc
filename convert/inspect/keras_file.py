"""A .keras or .h5 file: its configuration and weights as data, its costs from the built model.

Python code that is stored in a model is never run: where building the model would need it, what
only the built model could tell is left out and said.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.inspect.inspection import (
    InspectError,
    Inspection,
    Weight,
    grouped,
)
from edgeproof.convert.inspect.keras_config import layers_of
from edgeproof.edge.manifest import TensorSpec

if TYPE_CHECKING:
    import h5py

    from edgeproof.convert.freeze import FrozenGraph

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
Costs = dict[str, int | None]


def inspect_keras(path: Path) -> Inspection:
    """Describe a stored Keras model.

    Raises:
        InspectError: not such a file, a damaged one, or weights without an architecture.
    """
    with path.open("rb") as stream:
        is_hdf5 = stream.read(8) == _HDF5_MAGIC
    config, weights = _hdf5(path) if is_hdf5 else _archive(path)
    layers = list(layers_of(config))
    if not layers:
        raise InspectError(f"expected a Keras model with layers, got none in {path}")
    frozen: FrozenGraph | None = None
    costs: Costs = {}
    notes: tuple[str, ...] = ()
    try:
        frozen, costs = _built(path)
    except ConvertError as error:
        notes = (f"not built: {error}",)
    known = frozen is not None
    return Inspection(
        str(path),
        "hdf5" if is_hdf5 else "keras",
        path.stat().st_size,
        _tensors(frozen.inputs) if frozen else (),
        _tensors(frozen.outputs) if frozen else (),
        grouped((kind, _layer_cost(name, costs) if known else None) for kind, name in layers),
        sum(math.prod(w.shape) for w in weights),
        _total(costs) if known else None,
        weights,
        notes,
    )


def _hdf5(path: Path) -> tuple[Any, tuple[Weight, ...]]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            config = file.attrs.get("model_config")
            if config is None:
                raise InspectError(
                    f"expected a whole model, got {path}, which holds weights only; "
                    "save it with model.save()"
                )
            group = file.get("model_weights", file)
            text = config.decode() if isinstance(config, bytes) else str(config)
            return json.loads(text), _weights(group)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise InspectError(f"{path} is a damaged HDF5 file: {error}") from error


def _archive(path: Path) -> tuple[Any, tuple[Weight, ...]]:
    import h5py

    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            stored = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(stored, "r") as file:
            return config, _weights(file)
    except (zipfile.BadZipFile, OSError, KeyError, ValueError, RuntimeError) as error:
        raise InspectError(
            f"expected a .keras archive (config.json, model.weights.h5), got {path}: {error}"
        ) from error


def _weights(group: h5py.Group) -> tuple[Weight, ...]:
    import h5py

    found: list[Weight] = []

    def visit(name: str, value: Any) -> None:
        if isinstance(value, h5py.Dataset) and not name.startswith(("optimizer", "seed_generator")):
            layer = name.removeprefix("layers/").rpartition("/")[0].removesuffix("/vars")
            found.append(Weight(name, layer, str(value.dtype), tuple(value.shape), value.nbytes))

    group.visititems(visit)
    return tuple(weight for weight in found if "seed_generator" not in weight.name)


def _built(path: Path) -> tuple[FrozenGraph, Costs]:
    from edgeproof.convert.freeze import freeze
    from edgeproof.convert.inspect.graph_costs import graph_macs
    from edgeproof.convert.keras_model import keras_model
    from edgeproof.convert.source import find_source

    frozen = freeze(keras_model(find_source(path)))
    return frozen, graph_macs(frozen.graph_def)


def _layer_cost(layer: str, costs: Costs) -> int | None:
    """The sum over the nodes in whose path the layer's name stands (Keras may add `_1`)."""
    own = {
        node: cost
        for node, cost in costs.items()
        if any(part == layer or part.rpartition("_")[0] == layer for part in node.split("/")[:-1])
    }
    return _total(own)


def _total(costs: Costs) -> int | None:
    known = [cost for cost in costs.values() if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _tensors(tensors: Any) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(t.name, t.dtype, t.shape or ()) for t in tensors)
