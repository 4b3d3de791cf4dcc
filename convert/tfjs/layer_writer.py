"""One Keras layer, with what it wraps, as TF.js reads it; its weights under TF.js' names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeproof.convert.keras_flavour import is_legacy, weight_name
from edgeproof.convert.tfjs.layer_limits import REASONS
from edgeproof.convert.tfjs.layer_refusal import refuse
from edgeproof.convert.tfjs.layer_rule import Config, LayerRule
from edgeproof.convert.tfjs.layer_rules import CELLS, RULES
from edgeproof.convert.tfjs.layer_stand_ins import stand_in
from edgeproof.convert.tfjs.layer_values import UnknownActivation, layer_arguments

if TYPE_CHECKING:
    import keras

Layer = dict[str, Any]
MODELS = ("Functional", "Sequential")
WRAPPERS = ("Bidirectional", "RNN", "TimeDistributed")
_IN_BOTH_DIRECTIONS = ("GRU", "LSTM", "SimpleRNN")
# of all layers in the table; others come from adapters and quantisation
_WEIGHTS = frozenset(
    (
        *("kernel", "bias", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel", "alpha"),
        *("gamma", "beta", "moving_mean", "moving_variance", "embeddings"),
    )
)


def returns_output_twice(layer: Any) -> bool:
    """Is the layer's second tensor, its first state, the same as its first?

    TF.js returns one tensor under two names, and disposes of it when the first is no longer needed.
    """
    is_recurrent = type(layer).__name__ in (*_IN_BOTH_DIRECTIONS, "ConvLSTM2D", "RNN")
    return is_recurrent and layer.return_state and not layer.return_sequences


class LayerWriter:
    """Writes layers and collects their weights.

    TF.js finds a weight by `scope/weight`, where the scope is the layer's name, or that of the
    outermost wrapper and the parts that have a scope of their own.
    """

    def __init__(
        self, weights: dict[str, np.ndarray], write_model: Callable[[Any, str], Layer]
    ) -> None:
        """Prepare.

        Args:
            weights: receives the weights by TF.js' names.
            write_model: writes a model that is wrapped by a layer, under the given name.
        """
        self._weights = weights
        self._write_model = write_model

    def write(self, layer: keras.layers.Layer, name: str, scope: str | None = None) -> Layer:
        """The class, name and configuration of a layer that is no model and no input.

        Raises:
            UnsupportedLayer: TF.js lacks it or computes it differently.
        """
        kind, scope = type(layer).__name__, scope or name
        if not type(layer).__module__.startswith(("keras.", "tf_keras.")):
            raise refuse(kind, layer.name, "it is a class of your own")
        if kind in WRAPPERS:
            arguments = getattr(self, f"_{kind.lower()}")(layer, scope)
            return _written(kind, name, layer, arguments)
        config = _configuration(layer)
        replaced = stand_in(layer, config)
        if replaced is not None:
            return _written(replaced[0], name, layer, replaced[1])
        if kind not in RULES:
            raise refuse(kind, layer.name, REASONS.get(kind, "TF.js has no such layer"))
        arguments = self._by_rule(RULES[kind], layer, config, scope)
        return _written(kind, name, layer, arguments)

    def _by_rule(
        self, rule: LayerRule, layer: keras.layers.Layer, config: Config, scope: str
    ) -> dict[str, Any]:
        kind = type(layer).__name__
        for check in rule.checks:
            if reason := check(config):
                raise refuse(kind, layer.name, reason)
        for weight in layer.weights:
            stored = weight_name(weight)
            if stored not in _WEIGHTS:
                raise refuse(kind, layer.name, f"TF.js has no place for its weight {stored}")
            key = f"{scope}/{rule.weights.get(stored, stored)}"
            if key in self._weights:
                raise refuse(kind, layer.name, f"two of its weights are called {stored}")
            self._weights[key] = np.asarray(weight).astype(np.float32)
        try:
            return layer_arguments(rule, config, keras_2=is_legacy(layer))
        except UnknownActivation as error:
            raise refuse(kind, layer.name, str(error)) from error

    def _bidirectional(self, layer: Any, scope: str) -> dict[str, Any]:
        forward, backward = layer.forward_layer, layer.backward_layer
        kind = type(forward).__name__
        if kind not in _IN_BOTH_DIRECTIONS:
            raise refuse(type(layer).__name__, layer.name, f"it wraps a layer of class {kind}")
        if layer.merge_mode is None and layer.return_state:
            raise refuse(type(layer).__name__, layer.name, "its outputs are its states, too")
        # TF.js makes the backward layer itself, and both names from the one that it is given
        name = forward.name.removeprefix("forward_")
        written = self.write(forward, name, f"{scope}/forward_{name}")
        reverse = self.write(backward, name, f"{scope}/backward_{name}")
        if not _are_mirrored(written, reverse):
            raise refuse(type(layer).__name__, layer.name, "its two directions differ")
        return {"layer": written, "merge_mode": layer.merge_mode}

    def _timedistributed(self, layer: Any, scope: str) -> dict[str, Any]:
        inner = layer.layer
        if type(inner).__name__ in MODELS:
            return {"layer": self._write_model(inner, inner.name)}
        return {"layer": self.write(inner, inner.name, scope)}

    def _rnn(self, layer: Any, scope: str) -> dict[str, Any]:
        config = layer.get_config()
        if config.get("stateful"):
            raise refuse("RNN", layer.name, "its state would differ between batches")
        if type(layer.cell).__name__ != "StackedRNNCells":
            cell = self._cell(layer.cell, scope)
        else:
            if config["return_state"]:
                raise refuse("RNN", layer.name, "TF.js returns stacked states in another order")
            parts = [self._cell(c, f"{scope}/RNNCell_{i}") for i, c in enumerate(layer.cell.cells)]
            cell = {"class_name": "StackedRNNCells", "config": {"cells": parts}}
        keys = ("return_sequences", "return_state", "go_backwards")
        return {"cell": cell, **{key: config[key] for key in keys}}

    def _cell(self, cell: keras.layers.Layer, scope: str) -> Layer:
        kind = type(cell).__name__
        if kind not in CELLS or not type(cell).__module__.startswith(("keras.", "tf_keras.")):
            raise refuse("RNN", cell.name, f"TF.js has no cell of class {kind}")
        config = self._by_rule(CELLS[kind], cell, cell.get_config(), scope)
        return {"class_name": kind, "config": {"name": cell.name, **config}}


def _configuration(layer: keras.layers.Layer) -> dict[str, Any]:
    """The layer's arguments and, where it was built, its `input_shape`."""
    built = layer.get_build_config() or {}
    if "input_shape" not in built and "shapes_dict" not in built:
        node = next(iter(getattr(layer, "_inbound_nodes", [])), None)
        shape = getattr(getattr(node, "input_tensors", [None])[0], "shape", None)
        built = {} if shape is None else {"input_shape": tuple(shape)}
    return {**built, **layer.get_config()}


def _written(kind: str, name: str, layer: Any, arguments: dict[str, Any]) -> Layer:
    trainable = bool(getattr(layer, "trainable", True))
    config = {"name": name, "trainable": trainable, "dtype": "float32", **arguments}
    return {"class_name": kind, "name": name, "config": config}


def _are_mirrored(forward: Layer, backward: Layer) -> bool:
    """Do both layers differ in their direction only?"""
    one, other = dict(forward["config"]), dict(backward["config"])
    turned = one.pop("go_backwards") != other.pop("go_backwards")
    for config in (one, other):
        for key in [k for k in config if k.endswith(("_initializer", "_regularizer"))]:
            del config[key]
    return turned and one == other and forward["class_name"] == backward["class_name"]
