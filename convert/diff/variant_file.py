"""What is compared with Keras: a variant of the bundle, or a file that lies anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from edgeproof.convert.diff.errors import DiffError
from edgeproof.convert.flatbuffer import read_tflite
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.runtime import TfliteModel


@dataclass(frozen=True)
class VariantFile:
    """The bytes of one converted form.

    Attributes:
        label: what the user called it.
        precision: "float32", "float16", "dynamic-int8", "int8", "int16x8" or "uint8".
        files: by name, the entry first.
    """

    label: str
    format: Literal["tflite", "tfjs"]
    precision: str
    files: Mapping[str, bytes]

    @property
    def content(self) -> bytes:
        """The entry file."""
        return next(iter(self.files.values()))

    @property
    def batch(self) -> int | None:
        """The batch that a .tflite fixes; None for a free one, and for TF.js."""
        if self.format != "tflite":
            return None
        graph = read_tflite(self.content).subgraphs[0]
        tensor = graph.tensors[graph.inputs[0]]
        signature = tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature
        return None if signature[0] < 0 else int(signature[0])


def variant_file(bundle: Bundle, name: str) -> VariantFile:
    """The variant of that id, or the .tflite or model.json file at that path.

    Raises:
        UsageError: no such variant, and no such file.
        BundleError: the bundle's file was altered.
        DiffError: a layers model, whose tensors are in nobody's reach, or no model at all.
    """
    ids = [variant.id for variant in bundle.manifest.variants]
    if name not in ids and Path(name).is_file():
        return _bare_file(Path(name))
    variant = bundle.variant(name)
    if variant.format == "tfjs-layers":
        graph = [i for i in ids if i.startswith("tfjs-") and not i.startswith("tfjs-layers")]
        raise DiffError(
            f"expected a .tflite or a TF.js graph model, got {name}, which only TF.js can run; "
            f"compare one of {', '.join(graph) or 'the TFLite variants'} instead"
        )
    entries = sorted(variant.files, key=lambda entry: entry.path != variant.entry)
    files = {PurePosixPath(entry.path).name: bundle.read(entry) for entry in entries}
    precision = name.partition("-")[2]
    return VariantFile(name, "tflite" if variant.format == "tflite" else "tfjs", precision, files)


def _bare_file(path: Path) -> VariantFile:
    content = path.read_bytes()
    if content[4:8] == b"TFL3":
        return VariantFile(str(path), "tflite", _tflite_precision(content), {path.name: content})
    try:
        document = json.loads(content)
        groups = document["weightsManifest"]
        names = [name for group in groups for name in group["paths"]]
        stored = {w.get("quantization", {}).get("dtype") for g in groups for w in g["weights"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DiffError(
            f"expected a .tflite file or the model.json of a TF.js graph model, got {path}"
        ) from error
    missing = [name for name in names if not (path.parent / name).is_file()]
    if missing:
        raise DiffError(f"expected {missing[0]} beside {path}, got no such file; copy it too")
    shards = {name: (path.parent / name).read_bytes() for name in names}
    precision = next((p for p in ("uint8", "float16") if p in stored), "float32")
    return VariantFile(str(path), "tfjs", precision, {"model.json": content, **shards})


def _tflite_precision(content: bytes) -> str:
    """By the types of what the file computes, then of what it stores."""
    TfliteModel(content, runtime="litert")  # refuses what is no model, which the next line does not
    from ai_edge_litert.schema_py_generated import TensorType

    model: Any = read_tflite(content)
    graph = model.subgraphs[0]
    computed = {int(i) for operation in graph.operators for i in operation.outputs}
    types = {graph.tensors[i].type for i in computed}
    stored = {t.type for i, t in enumerate(graph.tensors) if i not in computed}
    if TensorType.INT16 in types:
        return "int16x8"
    if TensorType.INT8 in types or TensorType.UINT8 in types:
        return "int8"
    if TensorType.INT8 in stored:
        return "dynamic-int8"
    return "float16" if TensorType.FLOAT16 in stored else "float32"
