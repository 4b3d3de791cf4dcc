"""Weights put wrong in written files: what `edgeproof diff` has to find.

`step` 0 turns the sign of the largest weight alone; 8 that of every eighth, which is
what integers need for a fault that stands out from their rounding.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from edgeproof.convert.flatbuffer import packed_tflite, read_tflite

_SIZES = {"float32": 4, "float16": 2, "uint8": 1, "int32": 4}


def with_wrong_tflite_weights(content: bytes, shape: tuple[int, ...], step: int) -> bytes:
    """Weights of the one tensor of that shape with their sign turned."""
    model = read_tflite(content)
    found = [t for t in model.subgraphs[0].tensors if tuple(t.shape) == shape]
    found = [t for t in found if model.buffers[t.buffer].data is not None]
    assert len(found) == 1, f"{len(found)} weights of {shape}"
    buffer = model.buffers[found[0].buffer]
    # TensorType: 0 is FLOAT32, 9 is INT8
    weights = np.frombuffer(bytes(buffer.data), {0: "<f4", 9: "i1"}[found[0].type]).copy()
    _turn(weights, step)
    buffer.data = np.frombuffer(weights.tobytes(), np.uint8)
    return packed_tflite(model)


def turn_tfjs_weights(folder: Path, shape: tuple[int, ...], step: int) -> None:
    """The same in the float32 shards of a TF.js graph model."""
    document = json.loads((folder / "model.json").read_bytes())
    (group,) = document["weightsManifest"]
    (path,) = group["paths"]
    content, offset = bytearray((folder / path).read_bytes()), 0
    found = 0
    for entry in group["weights"]:
        size = int(np.prod(entry["shape"], dtype=int))
        if tuple(entry["shape"]) == shape:
            found += 1
            weights = np.frombuffer(content, "<f4", size, offset).copy()
            _turn(weights, step)
            content[offset : offset + 4 * size] = weights.tobytes()
        offset += size * _SIZES[entry["dtype"]]
    assert found == 1, f"{found} weights of {shape}"
    (folder / path).write_bytes(content)


def _turn(weights: np.ndarray, step: int) -> None:
    turned = slice(None, None, step) if step else np.abs(weights.astype(float)).argmax()
    weights[turned] = -weights[turned]
