"""Are the weights of a smaller precision the float ones, rounded?

Outputs cannot tell a wrong scale of 2 % from the noise of 8 bits, and the runtimes agree on it, for
it stands in the file that they all read. The bundle's own float32 variant of the same format can:
rounding is off by half a step. Biases are left to the outputs: in 32 bits their steps are finer
than float32 is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from edgeproof.convert.verify.check import Check, check
from edgeproof.convert.verify.gates import Gate, gate_for
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.manifest import Variant

# of a tensor: its real values, and the width of a step, which is zero where values are exact
Stored = tuple[np.ndarray, np.ndarray]
_FLOAT_VARIANTS = {"tflite": "tflite-float32", "tfjs": "tfjs-float32"}
_STORED = {0: np.float32, 1: np.float16, 3: np.uint8, 7: np.int16, 9: np.int8}  # TensorType


def weight_checks(bundle: Bundle, gates: tuple[Gate, ...]) -> list[Check]:
    """One check for each quantised variant that has a float32 variant of its format beside it."""
    variants = {variant.id: variant for variant in bundle.manifest.variants}
    checks, exact = [], dict[str, list[Stored]]()
    for variant in variants.values():
        reference = variants.get(_FLOAT_VARIANTS.get(variant.format, ""))
        if reference is None or reference is variant:
            continue
        subject = f"weights of {variant.id} and {reference.id}"
        gate = gate_for(gates, "weights")
        try:
            if reference.id not in exact:
                exact[reference.id] = _stored(bundle, reference)
            worst, compared = _worst_steps(_stored(bundle, variant), exact[reference.id])
        except Exception as error:  # noqa: BLE001  a file that cannot be read is a broken gate
            checks.append(check(gate, subject, 0, 0, f"cannot be read: {error!r}"))
            continue
        if compared:
            checks.append(check(gate, subject, worst, compared))
    return checks


def _worst_steps(quantised: list[Stored], exact: list[Stored]) -> tuple[float, int]:
    """The largest distance in steps, and how many values were compared.

    Tensors are not found by name, which a writer may choose anew, but by shape: of several, the
    nearest counts. One that was reshaped has no counterpart and is not compared.
    """
    figures, compared = [0.0], 0
    for values, step in quantised:
        candidates = [other for other, _ in exact if other.shape == values.shape]
        if not candidates or not step.any():
            continue
        steps = np.maximum(step, np.finfo(np.float64).tiny)
        each = [float((np.abs(values.astype(np.float64) - c) / steps).max()) for c in candidates]
        figures.append(float(np.min(each)))
        compared += values.size
    return float(np.max(figures)), compared  # NumPy's, for they keep NaN


def _stored(bundle: Bundle, variant: Variant) -> list[Stored]:
    files = {PurePosixPath(f.path).name: bundle.read(f) for f in variant.files}
    if variant.format == "tfjs":
        return _of_tfjs(files)
    return _of_tflite(files[PurePosixPath(variant.entry).name])


def _of_tflite(content: bytes) -> list[Stored]:
    from edgeproof.convert.flatbuffer import read_tflite

    model = read_tflite(content)
    found = []
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            data = model.buffers[tensor.buffer].data
            if data is None or not len(data) or tensor.type not in _STORED:
                continue
            raw = np.frombuffer(bytes(data), _STORED[tensor.type]).reshape(tensor.shape)
            if raw.dtype in (np.float32, np.float16):
                found.append(_of_float(raw))
            elif tensor.quantization is not None and tensor.quantization.scale is not None:
                found.append(_of_integers(raw, tensor.quantization))
    return found


def _of_float(raw: np.ndarray) -> Stored:
    """float16 is its own step; float32 is exact."""
    if raw.dtype == np.float32:
        return raw, np.zeros(1)
    with np.errstate(invalid="ignore"):  # the spacing of an infinite value is NaN
        return raw.astype(np.float64), np.spacing(np.abs(raw)).astype(np.float64)


def _of_integers(raw: np.ndarray, quantization: Any) -> Stored:
    along = [1] * raw.ndim
    if len(quantization.scale) > 1:
        along[quantization.quantizedDimension] = -1
    scale = np.asarray(quantization.scale, np.float64).reshape(along)
    zero = np.asarray(quantization.zeroPoint, np.float64).reshape(along)
    return (raw - zero) * scale, scale


def _of_tfjs(files: Mapping[str, bytes]) -> list[Stored]:
    from edgeproof.convert.tfjs.reader import read_weights

    document = json.loads(files["model.json"])
    weights = read_weights(document, files)
    found = []
    for group in document["weightsManifest"]:
        for entry in group["weights"]:
            values, how = weights[entry["name"]], entry.get("quantization")
            if values.dtype != np.float32:
                continue
            if how is None:
                found.append((values, np.zeros(1)))
            elif how["dtype"] == "float16":
                found.append(_of_float(values.astype(np.float16)))
            else:
                found.append((values, np.asarray(how["scale"], np.float64)))
    return found
