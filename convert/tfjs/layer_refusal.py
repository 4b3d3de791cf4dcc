"""The one error of layers models: a layer that TF.js lacks or computes differently."""

from __future__ import annotations

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.tfjs.ops import TFJS_VERSION


class UnsupportedLayer(ConvertError):
    """TF.js lacks a layer, or computes it differently."""


def refuse(kind: str, name: str, reason: str) -> UnsupportedLayer:
    """The error for one layer."""
    return UnsupportedLayer(
        f"expected layers that TF.js {TFJS_VERSION} computes as Keras does, got {kind} "
        f"({name}): {reason}; use the graph variants, such as tfjs-float32"
    )
