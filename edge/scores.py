"""From a model's raw output to one probability per label."""

import numpy as np

from edgeproof.edge.manifest import Output


def probabilities(raw: np.ndarray, output: Output, labels: int) -> np.ndarray:
    """Probabilities per label, N x labels, float32.

    Args:
        raw: real (dequantised) values of the first output, N x units.
        output: how the manifest says the scores are to be read.
        labels: how many labels there are: 2 for a single sigmoid unit, else the units.

    Raises:
        ValueError: the output's shape does not fit the labels, or it holds no scores.
    """
    raw = np.asarray(raw, dtype=np.float32).reshape(len(raw), -1)
    if output.scores == "values":
        raise ValueError("expected an output with scores, got plain values")
    if output.scores == "sigmoid" and raw.shape[1] == 1:
        raw = np.concatenate([1 - raw, raw], axis=1)
    elif output.scores == "logits":
        shifted = np.exp(raw - raw.max(axis=1, keepdims=True))
        raw = shifted / shifted.sum(axis=1, keepdims=True)
    if raw.shape[1] != labels:
        raise ValueError(f"expected {labels} scores, one per label, got {raw.shape[1]}")
    return raw
