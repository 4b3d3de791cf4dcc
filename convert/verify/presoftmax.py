"""Pre-softmax values, recovered from the probabilities that a model returns.

A softmax hides errors: where one class has probability 0.9999, a network whose last layer is off
by 10 % still answers 0.999. The logits are gone from the converted files, but
`log p_i = z_i - log(sum_j exp(z_j))`: the logarithm of a softmax output is the logit up to one
constant per row. Subtracting the row's mean removes that constant on both sides of a comparison,
so `log p - mean(log p)` equals `z - mean(z)` exactly, in real arithmetic.

Probabilities below the smallest normal float32 (about 1.18e-38) are clipped to it first: under it
some runtimes keep subnormal numbers and others flush to zero, and the logarithm of zero would turn
a difference of 1e-40 into an infinite one. A logit more than 87 below the largest is therefore not
seen, and neither is it seen by anybody who uses the probabilities.
"""

import numpy as np

SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)


def presoftmax(probabilities: np.ndarray) -> np.ndarray:
    """`log p` minus its mean over the last axis, float64. NaN stays NaN: `np.maximum` keeps it."""
    logs = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST_NORMAL))
    return logs - logs.mean(axis=-1, keepdims=True)
