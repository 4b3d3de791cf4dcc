"""Affine quantisation, the one Python implementation.

`real = scale * (quantised - zero_point)` (TensorFlow Lite 8-bit quantization specification).
"""

import numpy as np

from edgeproof.edge.manifest import TensorSpec


def quantise(real: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """Real values as the tensor's integers: round half to even, widen, clip.

    Rounds in float64, so that no value is off by one step through the division.
    """
    if spec.scale is None:
        return np.ascontiguousarray(real, dtype=spec.dtype)
    limits = np.iinfo(spec.dtype)
    steps = np.rint(real.astype(np.float64) / spec.scale) + (spec.zero_point or 0)
    return np.clip(steps, limits.min, limits.max).astype(spec.dtype)


def dequantise(quantised: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """A tensor's integers as float32 real values; float tensors pass through."""
    if spec.scale is None:
        return np.asarray(quantised, dtype=np.float32)
    widened = quantised.astype(np.int64) - (spec.zero_point or 0)
    return (widened * spec.scale).astype(np.float32)
