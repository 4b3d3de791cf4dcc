"""A TF.js model: `model.json` and its shards."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.inspect.inspection import (
    InspectError,
    Inspection,
    Weight,
    grouped,
    total_macs,
)
from edgeproof.convert.inspect.keras_config import layer_counts
from edgeproof.edge.manifest import TensorSpec

_BYTES = {"float32": 4, "int32": 4, "bool": 1, "complex64": 8, "float16": 2, "uint16": 2}
_BYTES["uint8"] = 1


def inspect_tfjs(path: Path) -> Inspection:
    """Describe a graph or layers model; its shards lie beside `model.json`.

    Raises:
        InspectError: not such a file, or a shard is missing or of another size.
    """
    try:
        document = json.loads(path.read_bytes())
        form = document.get("format") or _form(document)
        paths = [p for group in document["weightsManifest"] for p in group["paths"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InspectError(
            f"expected a TF.js model.json, got {path}, which has no topology and weights manifest"
        ) from error
    files = {path.name: path.read_bytes()}
    for name in paths:
        shard = path.parent / name
        if not shard.is_file():
            raise InspectError(f"expected the weight file {shard}, got none; copy it beside {path}")
        files[name] = shard.read_bytes()
    try:
        if form == "layers-model":
            return _layers_model(path, document, files)
        return _graph_model(path, document, files)
    except (ConvertError, KeyError, TypeError, ValueError) as error:
        raise InspectError(f"{path} is not a TF.js model that can be read: {error}") from error


def _form(document: Mapping[str, Any]) -> str:
    return "graph-model" if "node" in document["modelTopology"] else "layers-model"


def _layers_model(path: Path, document: dict[str, Any], files: dict[str, bytes]) -> Inspection:
    weights = _weights(document, {})
    config = document["modelTopology"]["model_config"]
    operations = grouped((name, 0) for name in layer_counts(config).elements())
    return Inspection(
        str(path),
        "tfjs-layers",
        sum(map(len, files.values())),
        operations=operations,
        parameters=_parameters(weights),
        weights=weights,
        notes=("multiply-accumulates: inspect the Keras model or a graph model",),
    )


def _graph_model(path: Path, document: dict[str, Any], files: dict[str, bytes]) -> Inspection:
    from edgeproof.convert.inspect.graph_costs import graph_macs
    from edgeproof.convert.tfjs.reader import graph_def, read_weights

    nodes = document["modelTopology"]["node"]
    users: dict[str, str] = {}
    for node in nodes:
        for reference in node.get("input", []):
            users.setdefault(reference.partition(":")[0], node["name"])
    plain = graph_def(document["modelTopology"], read_weights(document, files))
    macs: Counter[str] = Counter()
    unknown: set[str] = set()
    for name, cost in graph_macs(plain).items():
        owner = name.removesuffix("/plain")  # the product inside of a fused operation
        macs[owner] += cost or 0
        unknown |= {owner} if cost is None else set()
    computed = [node for node in nodes if node["op"] not in ("Const", "Placeholder")]
    operations = grouped(
        (node["op"], None if node["name"] in unknown else macs[node["name"]]) for node in computed
    )
    weights = _weights(document, users)
    signature = document.get("signature") or {}
    return Inspection(
        str(path),
        "tfjs-graph",
        sum(map(len, files.values())),
        _tensors(signature.get("inputs", {})),
        _tensors(signature.get("outputs", {})),
        operations,
        _parameters(weights),
        total_macs(operations),
        weights,
    )


def _weights(document: dict[str, Any], users: Mapping[str, str]) -> tuple[Weight, ...]:
    weights = []
    for entry in (e for group in document["weightsManifest"] for e in group["weights"]):
        quantization = entry.get("quantization", {})
        stored = quantization.get("dtype", entry["dtype"])
        size = math.prod(entry["shape"]) * _BYTES.get(stored, 0)
        layer = users.get(entry["name"], entry["name"].rpartition("/")[0])
        shape, scales = tuple(entry["shape"]), int("scale" in quantization)
        weights.append(Weight(entry["name"], layer, stored, shape, size, scales))
    return tuple(weights)


def _parameters(weights: tuple[Weight, ...]) -> int:
    return sum(math.prod(w.shape) for w in weights if w.scales or w.dtype.startswith("float"))


def _tensors(infos: Mapping[str, Any]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(name, info["dtype"].removeprefix("DT_").lower(), _sizes(info))
        for name, info in infos.items()
    )


def _sizes(info: Mapping[str, Any]) -> tuple[int | None, ...]:
    sizes = [int(axis["size"]) for axis in info.get("tensorShape", {}).get("dim", [])]
    return tuple(None if n < 0 else n for n in sizes)
