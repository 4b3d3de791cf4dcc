"""Masks of time steps: where TF.js hands them on and uses them as Keras does.

TF.js 4.22 (`engine/executor.js`) keeps the last mask that it met in the arguments of every later
layer of the same model: a layer that uses masks gets one even where Keras gives it none. So in a
model with masks each such layer must have a mask of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgeproof.convert.tfjs.layer_refusal import refuse
from edgeproof.convert.tfjs.layer_writer import MODELS

_RECURRENT = ("GRU", "LSTM", "RNN", "SimpleRNN")
_USERS = (
    *_RECURRENT,
    *("Bidirectional", "ConvLSTM2D", "GlobalAveragePooling1D", "Softmax", "TimeDistributed"),
    *MODELS,
)
# hand the mask on unchanged, in Keras as in TF.js
_CARRIERS = (
    *("Activation", "AlphaDropout", "BatchNormalization", "Dense", "Dropout", "GaussianDropout"),
    *("GaussianNoise", "LayerNormalization", "PReLU", "ReLU", "SpatialDropout1D"),
    "TimeDistributed",
)
# compute the same with and without masks
_MERGES = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum")

Reference = Sequence[Any]
# each call of a layer: the `[layer, node, tensor, ...]` that it takes
Calls = Sequence[Sequence[Reference]]
# a mask is known by the call that makes it: (layer, node)
Mask = tuple[str, int]
NO_MASK: Mask = ("", 0)
# Keras makes one that TF.js may not make
UNSURE: Mask = ("", 1)


def check_masks(
    layers: Mapping[str, Any],
    calls: Mapping[str, Calls],
    stated: Mapping[str, Sequence[Mask]] | None = None,
) -> None:
    """Refuse one model's layers whose masks TF.js would get wrong; models within it are separate.

    Args:
        layers: the Keras layers by name.
        calls: of each layer.
        stated: of each call, the mask that Keras 3 says it takes; None where it says nothing.

    Raises:
        UnsupportedLayer: naming the layer.
    """
    sources = [layer for layer in layers.values() if is_source(layer)]
    if not sources and all(m == NO_MASK for made in (stated or {}).values() for m in made):
        return
    masks = _Masks(layers, calls)
    for name, layer in layers.items():
        kind = type(layer).__name__
        for index, call in enumerate(calls[name]):
            given = [masks.of(*reference[:3]) for reference in call]
            if sources and (reason := _reason(layer, given, sources[0].name)):
                raise refuse(kind, layer.name, reason)
            if stated is not None and stated[name][index] not in (NO_MASK, *given[:1]):
                raise refuse(kind, layer.name, "it is called with a mask of its own")


def is_source(layer: Any) -> bool:
    """Does the layer make a mask?"""
    return type(layer).__name__ == "Masking" or bool(getattr(layer, "mask_zero", False))


class _Masks:
    """The mask of each tensor of a model."""

    def __init__(self, layers: Mapping[str, Any], calls: Mapping[str, Calls]) -> None:
        self._layers = layers
        self._calls = calls
        self._known: dict[Mask, Mask] = {}

    def of(self, name: str, node: int, tensor: int) -> Mask:
        if tensor > 0:  # the states of a recurrent layer
            return NO_MASK
        if type(self._layers[name]).__name__ in MODELS:  # refused beside masks, whatever they make
            return UNSURE
        # calls are looked at in the order of the layers, so this recursion is short, except for
        # layers that are called again further down
        if (name, node) not in self._known:
            calls = self._calls[name]
            call = calls[node] if node < len(calls) else []
            given = [self.of(*reference[:3]) for reference in call]
            self._known[name, node] = self._made(name, node, given)
        return self._known[name, node]

    def _made(self, name: str, node: int, given: Sequence[Mask]) -> Mask:
        layer = self._layers[name]
        kind = type(layer).__name__
        if is_source(layer):
            return name, node
        if all(mask == NO_MASK for mask in given) or not layer.supports_masking:
            return NO_MASK
        if kind in (*_RECURRENT, "Bidirectional"):
            return given[0] if layer.return_sequences else NO_MASK
        if kind == "GlobalAveragePooling1D":
            return NO_MASK
        return given[0] if kind in _CARRIERS else UNSURE


def _reason(layer: Any, given: Sequence[Mask], source: str) -> str | None:
    kind = type(layer).__name__
    if kind not in _USERS:
        is_masked = {mask != NO_MASK for mask in given}
        if len(given) > 1 and True in is_masked and (kind not in _MERGES or len(is_masked) > 1):
            return "TF.js merges masked inputs differently"
        return None
    if given[:1] in ([NO_MASK], [UNSURE]):
        return f"TF.js gives it the mask of {source}, Keras another or none"
    if len(given) > 1:
        return "TF.js keeps its first state for later layers where there are masks"
    if kind in _RECURRENT:
        zeroes = getattr(layer, "zero_output_for_mask", False)
        return "TF.js repeats the last output at masked steps" if zeroes else None
    if kind == "Bidirectional" and layer.return_sequences:
        return "TF.js repeats the last output at masked steps"
    if kind == "Bidirectional":
        return None
    if kind == "TimeDistributed" and type(layer.layer).__name__ not in _USERS:
        return None
    return "TF.js uses masks differently in it, or not at all"
