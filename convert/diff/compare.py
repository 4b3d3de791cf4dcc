"""Keras and a variant on the same inputs, tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from edgeproof.convert.diff.dataflow import reached, stops
from edgeproof.convert.diff.errors import DiffError
from edgeproof.convert.diff.graph_tensors import GraphPart, GraphTensors, tfjs_tensors
from edgeproof.convert.diff.layer_calls import LayerCall, traced_calls
from edgeproof.convert.diff.matching import matched_tensors
from edgeproof.convert.diff.snr import Noise, limit_db
from edgeproof.convert.diff.tflite_tensors import TfliteTensors
from edgeproof.convert.diff.variant_file import VariantFile
from edgeproof.convert.freeze import FrozenGraph, frozen_trace
from edgeproof.convert.tfjs.graph_model import graph_model_files
from edgeproof.convert.tflite import float_tflite
from edgeproof.convert.tflite_container import repacked, shorten

if TYPE_CHECKING:
    import keras

# inputs per run: all that is computed for them is in memory, 27 MB for each of MobileNetV2's
_BATCH = 8
# inputs that tensors are matched on
_MATCHED_ON = 4


class _Side(Protocol):
    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]: ...


@dataclass(frozen=True)
class LayerRow:
    """A layer whose output the file holds, compared.

    Attributes:
        layer: the layer's path; `covers` are those computed inside the same tensor, fused into it.
        tensor: its name in the file.
        reads: the compared layers that it is computed from; none for what reads the inputs only.
        snr_db: of the file's values against Keras'; 200 where they are the same to the last bit.
        own_db: the same against what Keras' layer makes of the very values that the file's layer
            read, so that what went wrong before does not count.
        limit_db: the least of `own_db` that the file's precision explains.
    """

    layer: str
    kind: str
    covers: tuple[str, ...]
    tensor: str
    reads: tuple[str, ...]
    snr_db: float
    own_db: float
    limit_db: float

    @property
    def fell(self) -> bool:
        """Does the layer itself compute something else?"""
        return self.own_db < self.limit_db


@dataclass(frozen=True)
class Diff:
    """All layers of a variant in the order in which they are computed.

    Attributes:
        unmatched: layers whose output, or what it goes into, was found nowhere in the file.
        inputs: how many inputs were run.
    """

    rows: tuple[LayerRow, ...]
    unmatched: tuple[str, ...]
    inputs: int

    @property
    def first(self) -> LayerRow | None:
        """The first layer that falls off."""
        return next((row for row in self.rows if row.fell), None)


def compared(model: keras.Model, file: VariantFile, arrays: Sequence[np.ndarray]) -> Diff:
    """Compare every layer that can be found in the file.

    Args:
        arrays: one per input, as the model takes them.

    Raises:
        DiffError: no layer can be found in the file.
        ConvertError: the model cannot be traced or converted.
        BundleError: the file cannot be run.
    """
    traced, calls = traced_calls(model)
    if not calls:
        raise DiffError(
            f"expected a model of Keras layers, got {model.name!r}, which has none that are run "
            "by name; only models saved by Keras can be compared layer by layer"
        )
    frozen = frozen_trace(traced)
    feeds = [tensor.tensor for tensor in frozen.inputs]
    own = GraphTensors(frozen.graph_def, feeds, [call.tensor for call in calls])
    tensors = _matched(model, frozen, own, calls, file, arrays)
    side: _Side = (
        TfliteTensors(file.content, frozen) if file.format == "tflite" else tfjs_tensors(file.files)
    )
    few = next(_batches(arrays, model.inputs[0].shape[0] or 1))
    sizes = {tensor: values.size for tensor, values in own.run(few).items()}
    got = side.run(few)
    found = {t: n for t, n in tensors.items() if n in got and got[n].size == sizes[t]}
    if not found:
        raise DiffError(
            f"expected tensors of {model.name!r} in {file.label}, got none that has the name and "
            "size of one of its layers; was the file made of this model by this version?"
        )
    layers = _layers(frozen, calls, found)
    for rows in _batches(arrays, model.inputs[0].shape[0] or _BATCH):
        _add(layers, own, side, rows)
    covered = {name for layer in layers for name in (layer.call.layer, *layer.covers)}
    names = {call.tensor: call.layer for call in calls}
    limit = limit_db(file.precision)
    return Diff(
        tuple(layer.row(names, limit) for layer in layers),
        tuple(call.layer for call in calls if call.layer not in covered),
        len(arrays[0]),
    )


@dataclass
class _Layer:
    """A layer while it is compared; `inputs` are the positions of the model's that it reads."""

    call: LayerCall
    covers: tuple[str, ...]
    tensor: str
    reads: tuple[str, ...]
    inputs: tuple[int, ...]
    part: GraphPart
    noise: Noise = field(default_factory=Noise)
    own: Noise = field(default_factory=Noise)

    def row(self, names: Mapping[str, str], limit: float) -> LayerRow:
        reads = tuple(names[tensor] for tensor in self.reads)
        ratios = self.noise.snr_db, self.own.snr_db
        return LayerRow(
            self.call.layer, self.call.kind, self.covers, self.tensor, reads, *ratios, limit
        )


def _layers(
    frozen: FrozenGraph, calls: Sequence[LayerCall], found: Mapping[str, str]
) -> list[_Layer]:
    graph_def = frozen.graph_def
    by_node = stops(graph_def, found)
    model_inputs = [tensor.tensor for tensor in frozen.inputs]
    layers = []
    for call in (c for c in calls if c.tensor in found):
        passed, met = reached(graph_def, _node(call.tensor), by_node)
        covers = [c.layer for c in calls if _node(c.tensor) in passed and c.tensor != call.tensor]
        reads = tuple(tensor for node, tensor in by_node.items() if node in met)
        inputs = tuple(i for i, tensor in enumerate(model_inputs) if _node(tensor) in passed)
        feeds = [*(model_inputs[i] for i in inputs), *reads]
        part = GraphPart(graph_def, passed, feeds, call.tensor)
        layers.append(_Layer(call, tuple(covers), found[call.tensor], reads, inputs, part))
    return layers


def _add(
    layers: Sequence[_Layer], own: GraphTensors, side: _Side, inputs: Sequence[np.ndarray]
) -> None:
    """One batch of inputs more."""
    expected, got = own.run(inputs), side.run(inputs)
    in_file = {
        layer.call.tensor: got[layer.tensor].reshape(expected[layer.call.tensor].shape)
        for layer in layers
    }
    for layer in layers:
        values = in_file[layer.call.tensor]
        layer.noise.add(expected[layer.call.tensor], values)
        read = [*(inputs[i] for i in layer.inputs), *(in_file[tensor] for tensor in layer.reads)]
        layer.own.add(layer.part.run(read), values)


def _node(tensor: str) -> str:
    return tensor.partition(":")[0]


def _matched(
    model: keras.Model,
    frozen: FrozenGraph,
    own: GraphTensors,
    calls: Sequence[LayerCall],
    file: VariantFile,
    arrays: Sequence[np.ndarray],
) -> dict[str, str]:
    """Layers' tensors found in a float32 file of the format, made afresh from the Keras model."""
    fresh: _Side
    if file.format == "tflite":
        content = repacked(float_tflite(model, frozen, batch=file.batch), shorten)
        fresh = TfliteTensors(content, frozen)
    else:
        fresh = tfjs_tensors(graph_model_files(frozen, "float32"))
    few = next(_batches(arrays, model.inputs[0].shape[0] or _MATCHED_ON))
    return matched_tensors(calls, own.run(few), fresh.run(few))


def _batches(arrays: Sequence[np.ndarray], size: int) -> Iterator[list[np.ndarray]]:
    for start in range(0, len(arrays[0]), size):
        yield [array[start : start + size] for array in arrays]
