"""A Keras 3 configuration in the form that tf.loadLayersModel of TF.js 4.22 reads.

That form is Keras 2's: `batch_input_shape`, plain dtype strings, inbound nodes as lists, no
modules or registered names. Layer names become unique over nested models, since TF.js finds
weights by `layer/weight`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.keras_flavour import is_legacy, tensor_dtype, weight_name
from edgeproof.convert.tfjs.layer_rules import (
    ACTIVATIONS,
    INITIALIZERS,
    REASONS,
    RULES,
    TRAINING_ONLY,
    LayerRule,
)
from edgeproof.convert.tfjs.ops import TFJS_VERSION

if TYPE_CHECKING:
    import keras

_MODELS = ("Functional", "Sequential")


class UnsupportedLayer(ConvertError):
    """TF.js lacks a layer, or computes it differently."""


@dataclass
class LayersTopology:
    """A model's normalised configuration and its weights by TF.js' names."""

    config: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    layer_names: set[str] = field(default_factory=set)

    def unique(self, name: str) -> str:
        """The layer's name, with a number if another model within this one has it too."""
        candidate, copy = name, 0
        while candidate in self.layer_names:
            copy += 1
            candidate = f"{name}_{copy}"
        self.layer_names.add(candidate)
        return candidate


def layers_topology(model: keras.Model) -> LayersTopology:
    """Normalise a Sequential or Functional model.

    Raises:
        UnsupportedLayer: with the layer's name and the reason.
    """
    topology = LayersTopology()
    topology.config = _model_config(model, model.name, topology)
    return topology


def refuse(kind: str, name: str, reason: str) -> UnsupportedLayer:
    """The error for one layer."""
    return UnsupportedLayer(
        f"expected layers that TF.js {TFJS_VERSION} computes as Keras does, got {kind} "
        f"({name}): {reason}; use the graph variants, such as tfjs-float32"
    )


def _model_config(model: keras.Model, name: str, topology: LayersTopology) -> dict[str, Any]:
    kind = type(model).__name__
    config = model.get_config()
    if kind == "Sequential":
        return {"class_name": kind, "config": {"name": name, "layers": _stack(model, topology)}}
    if "input_layers" not in config:
        raise refuse(kind, model.name, "only Sequential and Functional models have a configuration")
    return {"class_name": "Model", "config": _functional(model, config, name, topology)}


def _stack(model: keras.Model, topology: LayersTopology) -> list[dict[str, Any]]:
    shape, dtype = model.inputs[0].shape, tensor_dtype(model.inputs[0]).name
    layers = [_input_layer(topology.unique(f"{model.name}_input"), shape, dtype)]
    for layer in model.layers:
        if type(layer).__name__ not in (*TRAINING_ONLY, "InputLayer"):
            layers.append(_layer(layer, topology.unique(layer.name), topology))
    return layers


def _functional(
    model: keras.Model, config: dict[str, Any], name: str, topology: LayersTopology
) -> dict[str, Any]:
    renamed = {e["name"]: topology.unique(e["name"]) for e in config["layers"]}
    by_name = {layer.name: layer for layer in model.layers}
    aliases: dict[tuple[str, int, int], list[Any]] = {}
    layers = []
    for entry in config["layers"]:
        layer, kind = by_name.get(entry["name"]), entry["class_name"]
        if layer is None:
            raise refuse(kind, entry["name"], "it is an operation outside of any layer")
        read = _keras_2_inbound if is_legacy(model) else _inbound
        calls = [read(entry, node) for node in entry["inbound_nodes"]]
        if kind in TRAINING_ONLY:
            for index, call in enumerate(calls):
                aliases[entry["name"], index, 0] = call[0]
            continue
        normalised = _layer(layer, renamed[entry["name"]], topology)
        layers.append({**normalised, "inbound_nodes": calls})

    def final(reference: list[Any], is_output: bool = False) -> list[Any]:
        layer_name, node, tensor = reference[:3]
        while (layer_name, node, tensor) in aliases:
            layer_name, node, tensor = aliases[layer_name, node, tensor][:3]
        # Keras 2 and TF.js count a model's own making as its first call; Keras 3 does so too, but
        # only for Functional models, and only where the reference is an output
        is_functional = type(by_name[layer_name]).__name__ == "Functional"
        counted = is_legacy(model) or (is_output and is_functional)
        if type(by_name[layer_name]).__name__ in _MODELS and not counted:
            node += 1
        return [renamed[layer_name], node, tensor, *reference[3:]]

    for normalised in layers:
        normalised["inbound_nodes"] = [
            [final(reference) for reference in call] for call in normalised["inbound_nodes"]
        ]
    return {
        "name": name,
        "layers": layers,
        "input_layers": [final(r) for r in _references(config["input_layers"])],
        "output_layers": [final(r, True) for r in _references(config["output_layers"])],
    }


def _references(value: Any) -> Iterator[list[Any]]:
    """Every `[layer, node, tensor]` in a structure of lists and dictionaries, in Keras' order."""
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from _references(value[key])
    elif len(value) == 3 and isinstance(value[0], str):
        yield list(value)
    else:
        for item in value:
            yield from _references(item)


def _inbound(entry: dict[str, Any], node: dict[str, Any]) -> list[list[Any]]:
    """One call of a layer as Keras 2 writes it: `[[layer, node, tensor, {}], ...]`."""
    arguments = node["args"]
    # what is converted is inference, whatever the recorded call said about training
    others = [v for key, v in node["kwargs"].items() if key != "training" and v is not None]
    if len(arguments) != 1 or others:
        raise refuse(
            entry["class_name"], entry["name"], "it is called with more than its input tensors"
        )
    return [[*history, {}] for history in _histories(arguments[0])]


def _keras_2_inbound(entry: dict[str, Any], node: list[list[Any]]) -> list[list[Any]]:
    """The same form already; only that a call takes nothing but its tensors is to be checked."""
    has_state = len(node) > 1 and entry["class_name"] in ("GRU", "LSTM", "SimpleRNN")
    for reference in node:
        others = [v for k, v in (*reference[3:], {})[0].items() if k != "training"]
        if has_state or not isinstance(reference[0], str) or any(v is not None for v in others):
            raise refuse(
                entry["class_name"], entry["name"], "it is called with more than its input tensors"
            )
    return [[*reference[:3], {}] for reference in node]


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


def _input_layer(name: str, shape: tuple[int | None, ...], dtype: str) -> dict[str, Any]:
    config = {"name": name, "batch_input_shape": list(shape), "dtype": dtype, "sparse": False}
    return {"class_name": "InputLayer", "name": name, "config": config}


def _layer(layer: keras.layers.Layer, name: str, topology: LayersTopology) -> dict[str, Any]:
    kind = type(layer).__name__
    if kind == "InputLayer":
        shape = layer.input_shape[0] if is_legacy(layer) else layer.batch_shape
        return _input_layer(name, shape, layer.dtype)
    if kind in _MODELS:
        return {**_model_config(layer, name, topology), "name": name}
    rule = RULES.get(kind)
    if rule is None or not type(layer).__module__.startswith(("keras.", "tf_keras.")):
        raise refuse(kind, layer.name, REASONS.get(kind, "TF.js has no such layer"))
    config = {**(layer.get_build_config() or {}), **layer.get_config()}
    for check in rule.checks:
        if reason := check(config):
            raise refuse(kind, layer.name, reason)
    for weight in layer.weights:
        stored = weight_name(weight)
        key = f"{name}/{rule.weights.get(stored, stored)}"
        if key in topology.weights:
            raise refuse(kind, layer.name, f"two of its weights are called {stored}")
        topology.weights[key] = np.asarray(weight).astype(np.float32)
    return {"class_name": kind, "name": name, "config": _config(kind, name, rule, config)}


def _config(kind: str, name: str, rule: LayerRule, config: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": name,
        "trainable": config.get("trainable", True),
        "dtype": "float32",
    }
    for key in rule.keys:
        value = config.get(key)
        if key.endswith("activation"):
            result[key] = _activation(kind, name, value)
        elif key.endswith("_initializer"):
            result[key] = _initializer(value)
        elif key.endswith("_regularizer"):
            result[key] = _regularizer(value)
        else:
            result[key] = value
    # constraints stay behind: TF.js applies them to the trained weights while it loads them
    return {
        **result,
        **{new: config.get(old, config.get(new)) for old, new in rule.renamed.items()},
    }


def _activation(kind: str, name: str, value: Any) -> str:
    function = value.get("config") if isinstance(value, Mapping) else value
    if function is None:
        return "linear"
    if not isinstance(function, str) or function not in ACTIVATIONS:
        shown = value.get("class_name") if isinstance(value, Mapping) else value
        raise refuse(kind, name, f"TF.js has no such activation, or another one ({shown})")
    return ACTIVATIONS[function]


def _initializer(value: Any) -> dict[str, Any] | None:
    """Matters to further training in the browser only; unknown ones become TF.js' default."""
    if not isinstance(value, Mapping) or value.get("class_name") not in INITIALIZERS:
        return None
    config = {k: v for k, v in value["config"].items() if k != "seed" or isinstance(v, int)}
    name = value["class_name"].replace("Lecun", "LeCun")
    plain = {k: v for k, v in config.items() if v is None or isinstance(v, (int, float, str))}
    return {"class_name": name, "config": plain}


def _regularizer(value: Any) -> dict[str, Any] | None:
    """TF.js knows one regulariser, L1L2; others matter to training only and are left out."""
    if not isinstance(value, Mapping) or value.get("class_name") not in ("L1", "L2", "L1L2"):
        return None
    config = value["config"]
    strengths = {key: float(config.get(key) or 0) for key in ("l1", "l2")}
    return {"class_name": "L1L2", "config": strengths}
