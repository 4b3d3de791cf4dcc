"""The calls of a functional model's layers, from the configurations of Keras 2 and 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeproof.convert.tfjs.layer_masks import NO_MASK, UNSURE, Mask, is_source
from edgeproof.convert.tfjs.layer_refusal import UnsupportedLayer, refuse

Entry = Mapping[str, Any]
# take their first state as further inputs, as TF.js' layers do
_WITH_STATE = ("Bidirectional", "GRU", "LSTM", "SimpleRNN")
# Keras 3 writes the making of a mask into the model as operations of these classes
_MASK_OPERATIONS = ("Any", "NotEqual")


@dataclass(frozen=True)
class Call:
    """One call of a layer.

    Attributes:
        inputs: the `[layer, node, tensor]` of each input tensor.
        mask: the `[layer, node, tensor]` of the mask that it is given in so many words.
    """

    inputs: list[list[Any]]
    mask: list[Any] | None = None


def calls_of(entry: Entry, *, keras_2: bool) -> list[Call]:
    """The calls of one layer of a stored functional model.

    Raises:
        UnsupportedLayer: one takes more than tensors, which TF.js has no form for.
    """
    read = _keras_2_call if keras_2 else _keras_3_call
    return [read(entry, node) for node in entry["inbound_nodes"]]


def references(value: Any) -> Iterator[list[Any]]:
    """Every `[layer, node, tensor]` in a structure of lists and dictionaries, in Keras' order."""
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from references(value[key])
    elif len(value) == 3 and isinstance(value[0], str):
        yield list(value)
    else:
        for item in value:
            yield from references(item)


class MaskOperations:
    """The operations outside of layers that make the masks of Masking and Embedding layers."""

    def __init__(self, entries: Sequence[Entry], layers: Mapping[str, Any]) -> None:
        """Prepare.

        Args:
            entries: the configuration's layers and operations.
            layers: the Keras layers by name; what is not among them is an operation.
        """
        self._operations = {
            e["name"]: e
            for e in entries
            if e["name"] not in layers and e["class_name"] in _MASK_OPERATIONS
        }
        self._makers = [e for e in entries if is_source(layers.get(e["name"]))]
        self._layers = layers

    def __contains__(self, name: str) -> bool:
        return name in self._operations

    def source(self, mask: list[Any] | None) -> Mask:
        """The call of a layer that makes this mask; `UNSURE` for masks of another making."""
        if mask is None:
            return NO_MASK
        operation = self._operations.get(mask[0])
        reduced = operation is not None and operation["class_name"] == "Any"
        if operation is not None and reduced:
            config = operation["config"]
            if config.get("axis") != -1 or config.get("keepdims"):
                return UNSURE
            operation = self._operations.get(self._inputs(operation)[0][0])
        if operation is None or operation["class_name"] != "NotEqual":
            return UNSURE
        compared, value = self._inputs(operation)[0], operation["inbound_nodes"][0]["args"][1]
        for entry in self._makers:
            layer = self._layers[entry["name"]]
            is_masking = type(layer).__name__ == "Masking"
            masked_value = np.asarray(layer.mask_value).item() if is_masking else 0
            if is_masking != reduced or _number(value) != masked_value:
                continue
            for index, call in enumerate(calls_of(entry, keras_2=False)):
                if call.inputs == [compared]:
                    return entry["name"], index
        return UNSURE

    def _inputs(self, operation: Entry) -> list[list[Any]]:
        return list(_histories(operation["inbound_nodes"][0]["args"][0]))


def _number(value: Any) -> Any:
    """The number that a layer compares with, as Keras' files hold it."""
    if isinstance(value, Mapping):  # a tensor: {"class_name": "__tensor__", "config": {"value"}}
        value = value.get("config", {}).get("value")
    values = np.asarray(value)
    return values.item() if values.size == 1 else None


def _keras_3_call(entry: Entry, node: Mapping[str, Any]) -> Call:
    arguments = list(node["args"])
    # what is converted is inference, whatever the recorded call said about training
    others = {k: v for k, v in node["kwargs"].items() if k != "training" and v is not None}
    if entry["class_name"] in _WITH_STATE and "initial_state" in others:
        arguments[0] = [arguments[0], others.pop("initial_state")]
    masks = others.pop("mask", None)
    # a model within the model is given a list, mostly of nothing
    given = [m for m in (masks if isinstance(masks, list) else [masks]) if m is not None]
    if len(arguments) != 1 or others or len(given) > 1:
        raise _more_than_tensors(entry)
    return Call(list(_histories(arguments[0])), next(_histories(given), None))


def _keras_2_call(entry: Entry, node: Sequence[Any]) -> Call:
    if node and isinstance(node[0], str):  # a function of TensorFlow's with its arguments
        raise _more_than_tensors(entry)
    for reference in node:
        others = [v for k, v in (*reference[3:], {})[0].items() if k != "training"]
        if not isinstance(reference[0], str) or any(v is not None for v in others):
            raise _more_than_tensors(entry)
    return Call([list(reference[:3]) for reference in node])


def _more_than_tensors(entry: Entry) -> UnsupportedLayer:
    return refuse(
        entry["class_name"], entry["name"], "it is called with more than its input tensors"
    )


def _histories(argument: Any) -> Iterator[list[Any]]:
    if isinstance(argument, Mapping) and argument.get("class_name") == "__keras_tensor__":
        yield list(argument["config"]["keras_history"])
    elif isinstance(argument, (list, tuple)):
        for item in argument:
            yield from _histories(item)
    else:
        raise UnsupportedLayer(
            f"expected layers that are called with tensors, got the argument {argument!r:.60}; "
            "use the graph variants, such as tfjs-float32"
        )
