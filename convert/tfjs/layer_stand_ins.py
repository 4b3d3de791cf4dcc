"""Layers that TF.js lacks, or lacks some form of, where another of its layers does the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeproof.convert.tfjs.layer_rule import Config

if TYPE_CHECKING:
    import keras

StandIn = tuple[str, dict[str, Any]]
# Keras' smallest standard deviation in Normalization: keras.config.epsilon()
_SMALLEST_DEVIATION = 1e-7


def stand_in(layer: keras.layers.Layer, config: Config) -> StandIn | None:
    """The TF.js class and its arguments that compute what this layer does, if it is to be replaced.

    Args:
        config: the layer's configuration and, where it was built, its `input_shape`.
    """
    replace = _REPLACED.get(type(layer).__name__)
    return None if replace is None else replace(layer, config)


def _identity(layer: keras.layers.Layer, config: Config) -> StandIn:
    return "Activation", {"activation": "linear"}


def _relu(layer: keras.layers.Layer, config: Config) -> StandIn | None:
    """TF.js' ReLU has a maximum only; a slope or a threshold alone has a layer of its own."""
    if config.get("max_value") is not None:
        return None
    slope, threshold = config.get("negative_slope") or 0, config.get("threshold") or 0
    if slope and not threshold:
        return "LeakyReLU", {"alpha": float(slope)}
    if threshold and not slope:
        return "ThresholdedReLU", {"theta": float(threshold)}
    return None


def _normalization(layer: Any, config: Config) -> StandIn | None:
    """`(x - mean) / deviation` as `x * scale + offset`, one value per channel."""
    if config.get("invert"):
        return None
    mean, variance = (
        np.asarray(statistic, np.float64).reshape(np.shape(statistic))
        for statistic in (layer.mean, layer.variance)
    )
    if any(size != 1 for size in mean.shape[:-1]):
        return None
    scale = 1 / np.maximum(np.sqrt(variance), _SMALLEST_DEVIATION)
    offset = -mean * scale
    return "Rescaling", {"scale": scale.ravel().tolist(), "offset": offset.ravel().tolist()}


def _center_crop(layer: Any, config: Config) -> StandIn | None:
    """Cropping; where the picture is smaller Keras resizes, which TF.js does otherwise."""
    shape = config.get("input_shape")
    if shape is None or len(shape) != 4 or config.get("data_format") == "channels_first":
        return None
    margins = []
    for have, wanted in zip(shape[1:3], (config["height"], config["width"]), strict=True):
        if have is None or have < wanted:
            return None
        before = int((have - wanted) / 2)
        margins.append([before, have - wanted - before])
    return "Cropping2D", {"cropping": margins}


def _flatten(layer: keras.layers.Layer, config: Config) -> StandIn | None:
    """Of what is flat already, which TF.js refuses."""
    shape = config.get("input_shape")
    if shape is None or len(shape) > 2:
        return None
    return _identity(layer, config) if len(shape) == 2 else ("Reshape", {"target_shape": [1]})


def _pooled_whole(kind: str) -> Callable[[keras.layers.Layer, Config], StandIn | None]:
    """Global pooling that keeps its axes: pooling with a window as large as the input."""

    def replace(layer: keras.layers.Layer, config: Config) -> StandIn | None:
        shape = config.get("input_shape")
        if not config.get("keepdims") or shape is None or None in shape[1:-1]:
            return None
        if config.get("data_format") == "channels_first":
            return None
        return kind, {"pool_size": list(shape[1:-1])}

    return replace


_REPLACED: dict[str, Callable[[Any, Config], StandIn | None]] = {
    "CenterCrop": _center_crop,
    "Flatten": _flatten,
    "Identity": _identity,
    "Normalization": _normalization,
    "ReLU": _relu,
    **{
        f"Global{pooling}Pooling{rank}D": _pooled_whole(f"{pooling}Pooling{rank}D")
        for pooling in ("Average", "Max")
        for rank in (1, 2, 3)
    },
}
REPLACED = frozenset(_REPLACED)
