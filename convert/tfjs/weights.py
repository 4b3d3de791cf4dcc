"""Weights as TF.js reads them: a manifest and shards.

Format: `WeightsManifestConfig` and `decodeWeights` of @tensorflow/tfjs-core 4.22 (io/types.ts,
io/io_utils.ts).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from edgeproof.convert.errors import ConvertError

Precision = Literal["float32", "float16", "uint8", "uint16"]

# the size at which browsers cache a file well, and that of the public converter
SHARD_BYTES = 4 * 2**20
# Scalars, axes and epsilons: no bytes to gain, and a float16 epsilon of 1e-8 is zero
_SMALLEST_COMPRESSED = 16
# Between these sizes lie biases, slopes and the kernels of first layers. An error in a bias is one
# in every pixel, so they get 16-bit steps, which take the bytes of float16 and are finer. Measured
# with trained models, agreement of the top class with float32 (files in KB): a CIFAR-10 ResNet in
# uint8 97.7 % (91) with everything in 8 bits, 98.7 % (93) with this at 1024, 98.95 % (100) at 4096;
# a mini Xception 94 % (83), 95 % (88), 98 % (94)
_SMALLEST_COARSE = 4096
# Where they are few among many coarse ones they cost bytes and give nothing: MobileNetV2 (3.5
# million weights, half of the limit): 12.7 KB less, the same error in every digit that counts
_LARGE_MODEL = 2**20
_FLOAT16_MAX = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Encoded:
    """One weight: its row in the manifest and its bytes."""

    entry: dict[str, Any]
    content: bytes


def encode(
    name: str,
    value: np.ndarray,
    precision: Precision,
    delicate: bool = False,
    smallest_coarse: int = _SMALLEST_COARSE,
) -> Encoded:
    """One constant in the asked-for precision; what is tiny or not float stays as it is.

    Args:
        delicate: never coarser than 16 bits.
        smallest_coarse: constants of fewer values are not coarser than 16 bits either.

    Raises:
        ConvertError: TF.js has no such type.
    """
    entry: dict[str, Any] = {"name": name, "shape": list(value.shape), "dtype": ""}
    if value.dtype.kind in "OSU":
        return Encoded({**entry, "dtype": "string"}, _string_bytes(value))
    if value.dtype not in (np.float32, np.int32, np.bool_, np.complex64):
        raise ConvertError(
            f"expected a weight of a type that TF.js has, got {value.dtype} in {name}; "
            "convert the model's weights to float32"
        )
    entry["dtype"] = value.dtype.name
    if precision != "float32" and value.dtype == np.float32 and value.size >= _SMALLEST_COMPRESSED:
        if value.size < smallest_coarse or (delicate and precision == "uint8"):
            precision = "uint16"
        value, quantization = _COMPRESSORS[precision](value)
        if quantization is not None:
            entry["quantization"] = quantization
    return Encoded(entry, np.ascontiguousarray(value).astype(_little(value)).tobytes())


def _little(value: np.ndarray) -> np.dtype:
    return value.dtype.newbyteorder("<")


def _as_float16(value: np.ndarray) -> tuple[np.ndarray, dict[str, Any] | None]:
    if np.abs(value).max() > _FLOAT16_MAX:
        return value, None  # would become infinite
    return value.astype(np.float16), {"dtype": "float16"}


def _as_affine(dtype: type[np.unsignedinteger]) -> Callable[[np.ndarray], Any]:
    steps = int(np.iinfo(dtype).max)

    def compress(value: np.ndarray) -> tuple[np.ndarray, dict[str, Any] | None]:
        """`value = quantised * scale + min`, with zero exactly on a step."""
        low, high = min(float(value.min()), 0.0), max(float(value.max()), 0.0)
        if low == high or not np.isfinite([low, high]).all():
            return value, None
        scale = (high - low) / steps
        zero_point = round(-low / scale)
        # rounding moved the range by up to half a step; a wider step takes both ends in again
        scale = max(
            -low / zero_point if zero_point else scale,
            high / (steps - zero_point) if zero_point < steps else scale,
            scale,
        )
        scale = _rounded_up(scale)
        quantised = np.rint(value.astype(np.float64) / scale) + zero_point
        stored = np.clip(quantised, 0, steps).astype(dtype)
        return stored, {"dtype": np.dtype(dtype).name, "min": -zero_point * scale, "scale": scale}

    return compress


def _rounded_up(scale: float) -> float:
    """The next number of six digits: a shorter manifest for a step one millionth wider."""
    unit = 10.0 ** (math.floor(math.log10(scale)) - 5)
    return float(f"{math.ceil(scale / unit) * unit:.5e}")


_COMPRESSORS: Mapping[str, Callable[[np.ndarray], tuple[np.ndarray, dict[str, Any] | None]]] = {
    "float16": _as_float16,
    "uint8": _as_affine(np.uint8),
    "uint16": _as_affine(np.uint16),
}


def _string_bytes(value: np.ndarray) -> bytes:
    items = [v.encode() if isinstance(v, str) else bytes(v) for v in value.reshape(-1)]
    return b"".join(struct.pack("<I", len(item)) + item for item in items)


def shards(content: bytes) -> dict[str, bytes]:
    """The weights' bytes cut into files of at most 4 MiB."""
    count = max(1, -(-len(content) // SHARD_BYTES))
    return {
        f"group1-shard{i + 1}of{count}.bin": content[i * SHARD_BYTES : (i + 1) * SHARD_BYTES]
        for i in range(count)
    }


def weights_manifest(
    constants: Mapping[str, np.ndarray],
    precision: Precision,
    delicate: Collection[str] = (),
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The manifest of `model.json` and the shards, for constants in this order."""
    is_large = sum(value.size for value in constants.values()) > _LARGE_MODEL
    smallest = _SMALLEST_COARSE // 2 if is_large else _SMALLEST_COARSE
    encoded = [encode(n, v, precision, n in delicate, smallest) for n, v in constants.items()]
    files = shards(b"".join(e.content for e in encoded))
    return [{"paths": list(files), "weights": [e.entry for e in encoded]}], files
