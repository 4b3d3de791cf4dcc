"""A Keras 3 configuration in the form that tf.loadLayersModel of TF.js 4.22 reads.

That form is Keras 2's: `batch_input_shape`, plain dtype strings, inbound nodes as lists, no
modules or registered names. Layer names become unique over nested models, since TF.js finds
weights by `layer/weight`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeproof.convert.keras_flavour import is_legacy, tensor_dtype
from edgeproof.convert.tfjs.keras_calls import Call, MaskOperations, calls_of, references
from edgeproof.convert.tfjs.layer_limits import TRAINING_ONLY
from edgeproof.convert.tfjs.layer_masks import check_masks
from edgeproof.convert.tfjs.layer_refusal import refuse
from edgeproof.convert.tfjs.layer_writer import MODELS, LayerWriter, returns_output_twice

if TYPE_CHECKING:
    import keras


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
    topology.config = _model_config(model, model.name, topology, is_inner=False)
    return topology


def _model_config(
    model: keras.Model, name: str, topology: LayersTopology, *, is_inner: bool = True
) -> dict[str, Any]:
    kind = type(model).__name__
    config = model.get_config()
    if kind == "Sequential":
        return {"class_name": kind, "config": {"name": name, "layers": _stack(model, topology)}}
    if "input_layers" not in config:
        raise refuse(kind, model.name, "only Sequential and Functional models have a configuration")
    return {"class_name": "Model", "config": _functional(model, config, name, topology, is_inner)}


def _stack(model: keras.Model, topology: LayersTopology) -> list[dict[str, Any]]:
    shape, dtype = model.inputs[0].shape, tensor_dtype(model.inputs[0]).name
    written = [_input_layer(topology.unique(f"{model.name}_input"), shape, dtype)]
    left_out = (*TRAINING_ONLY, "InputLayer")
    layers = [layer for layer in model.layers if type(layer).__name__ not in left_out]
    before = [[], *([[[layer.name, 0, 0]]] for layer in layers)]
    by_name = {layer.name: layer for layer in layers}
    check_masks(by_name, dict(zip(by_name, before, strict=False)))
    written += [_layer(layer, topology.unique(layer.name), topology) for layer in layers]
    return written


def _functional(
    model: keras.Model, config: dict[str, Any], name: str, topology: LayersTopology, is_inner: bool
) -> dict[str, Any]:
    layers = {layer.name: layer for layer in model.layers}
    mask_operations = MaskOperations(config["layers"], layers)
    entries = [e for e in config["layers"] if e["name"] not in mask_operations]
    renamed = {e["name"]: topology.unique(e["name"]) for e in entries}
    calls: dict[str, list[Call]] = {}
    left_out: dict[tuple[str, int, int], list[Any]] = {}
    for entry in entries:
        if entry["name"] not in layers:
            reason = "it is an operation outside of any layer"
            raise refuse(entry["class_name"], entry["name"], reason)
        made = calls_of(entry, keras_2=is_legacy(model))
        if entry["class_name"] in TRAINING_ONLY:
            left_out.update({(entry["name"], i, 0): c.inputs[0] for i, c in enumerate(made)})
        else:
            calls[entry["name"]] = made

    def present(reference: list[Any]) -> list[Any]:
        """The tensor itself, or what a layer that is left out was given."""
        while tuple(reference) in left_out:
            reference = left_out[tuple(reference)]
        return reference

    def final(reference: list[Any], is_output: bool = False) -> list[Any]:
        layer_name, node, tensor = present(reference)
        if layer_name in mask_operations:
            raise refuse("a mask", layer_name, "it is used as a tensor")
        if tensor == 1 and returns_output_twice(layers[layer_name]):
            tensor = 1 if is_output and not is_inner else 0
        # Keras 2 and TF.js count a model's own making as its first call; Keras 3 does so too, but
        # only for Functional models, and only where the reference is an output
        is_functional = type(layers[layer_name]).__name__ == "Functional"
        counted = is_legacy(model) or (is_output and is_functional)
        if type(layers[layer_name]).__name__ in MODELS and not counted:
            node += 1
        return [renamed[layer_name], node, tensor]

    inputs = {n: [[present(r) for r in call.inputs] for call in made] for n, made in calls.items()}
    stated = {n: [mask_operations.source(call.mask) for call in made] for n, made in calls.items()}
    outputs = [final(r, True) for r in references(config["output_layers"])]
    if is_inner and len({tuple(output) for output in outputs}) < len(outputs):
        raise refuse("Functional", model.name, "TF.js drops an output that a model has twice")
    kept = {name: layers[name] for name in calls}
    inbound = {n: [[[*final(r), {}] for r in call] for call in made] for n, made in inputs.items()}
    check_masks(kept, inputs, stated)
    return {
        "name": name,
        "layers": [
            {**_layer(layer, renamed[n], topology), "inbound_nodes": inbound[n]}
            for n, layer in kept.items()
        ],
        "input_layers": [final(r) for r in references(config["input_layers"])],
        "output_layers": outputs,
    }


def _input_layer(name: str, shape: tuple[int | None, ...], dtype: str) -> dict[str, Any]:
    config = {"name": name, "batch_input_shape": list(shape), "dtype": dtype, "sparse": False}
    return {"class_name": "InputLayer", "name": name, "config": config}


def _layer(layer: keras.layers.Layer, name: str, topology: LayersTopology) -> dict[str, Any]:
    kind = type(layer).__name__
    if kind == "InputLayer":
        shape = layer.input_shape[0] if is_legacy(layer) else layer.batch_shape
        return _input_layer(name, shape, layer.dtype)
    if kind in MODELS:
        return {**_model_config(layer, name, topology), "name": name}
    writer = LayerWriter(topology.weights, lambda model, name: _model_config(model, name, topology))
    return writer.write(layer, name)
