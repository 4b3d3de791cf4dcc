"""Keras and a variant on the same inputs, tensor by tensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Compare every layer that can be found in the file. Raises as `KerasSide`."""
    return KerasSide(model, arrays).compared(file)


class KerasSide:
    """The Keras model's part of comparisons, made once for all the files of its making."""

    def __init__(self, model: keras.Model, arrays: Sequence[np.ndarray]) -> None:
        """Trace the model and run the first inputs.

        Args:
            arrays: one per input, as the model takes them.

        Raises:
            DiffError: the model has no layers that are run by name.
            ConvertError: it cannot be traced.
        """
        traced, self._calls = traced_calls(model)
        if not self._calls:
            raise DiffError(
                f"expected a model of Keras layers, got {model.name!r}, which has none that are "
                "run by name; only models saved by Keras can be compared layer by layer"
            )
        self._model = model
        self._frozen = frozen_trace(traced)
        feeds = [tensor.tensor for tensor in self._frozen.inputs]
        self._own = GraphTensors(self._frozen.graph_def, feeds, [c.tensor for c in self._calls])
        self._batches = _batches(arrays, model.inputs[0].shape[0])
        self._expected = self._own.run(self._batches[0])
        self._tensors: dict[tuple[str, int | None], dict[str, str]] = {}
        self._parts: dict[tuple[str, ...], GraphPart] = {}

    def compared(self, file: VariantFile) -> Diff:
        """Compare every layer that can be found in the file.

        Raises:
            DiffError: no layer can be found in the file.
            ConvertError: the model cannot be converted to the file's format.
            BundleError: the file cannot be run.
        """
        tensors = self._matched(file)
        side: _Side = (
            TfliteTensors(file.content, self._frozen)
            if file.format == "tflite"
            else tfjs_tensors(file.files)
        )
        got = side.run(self._batches[0])
        expected = self._expected
        found = {t: n for t, n in tensors.items() if n in got and got[n].size == expected[t].size}
        if not found:
            raise DiffError(
                f"expected tensors of {self._model.name!r} in {file.label}, got none that has the "
                "name and size of one of its layers; was the file made of this model by this "
                "version?"
            )
        layers = _layers(self._frozen, self._calls, found, self._parts)
        _add(layers, self._batches[0], expected, got)
        for rows in self._batches[1:]:
            _add(layers, rows, self._own.run(rows), side.run(rows))
        covered = {name for layer in layers for name in (layer.call.layer, *layer.covers)}
        names = {call.tensor: call.layer for call in self._calls}
        limit = limit_db(file.precision)
        return Diff(
            tuple(layer.row(names, limit) for layer in layers),
            tuple(call.layer for call in self._calls if call.layer not in covered),
            sum(len(rows[0]) for rows in self._batches),
        )

    def _matched(self, file: VariantFile) -> dict[str, str]:
        """Layers' tensors in a float32 file of the format, made afresh from the Keras model."""
        key = file.format, file.batch
        if key not in self._tensors:
            fresh: _Side
            if file.format == "tflite":
                content = float_tflite(self._model, self._frozen, batch=file.batch)
                fresh = TfliteTensors(repacked(content, shorten), self._frozen)
            else:
                fresh = tfjs_tensors(graph_model_files(self._frozen, "float32"))
            few = fresh.run(self._batches[0])
            self._tensors[key] = matched_tensors(self._calls, self._expected, few)
        return self._tensors[key]


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
    frozen: FrozenGraph,
    calls: Sequence[LayerCall],
    found: Mapping[str, str],
    parts: dict[tuple[str, ...], GraphPart],
) -> list[_Layer]:
    """The layers to compare; `parts` keeps what computes them, for the next file."""
    graph_def = frozen.graph_def
    by_node = stops(graph_def, found)
    model_inputs = [tensor.tensor for tensor in frozen.inputs]
    layers = []
    for call in (c for c in calls if c.tensor in found):
        passed, met = reached(graph_def, _node(call.tensor), by_node)
        covers = [c.layer for c in calls if _node(c.tensor) in passed and c.tensor != call.tensor]
        reads = tuple(tensor for node, tensor in by_node.items() if node in met)
        inputs = tuple(i for i, tensor in enumerate(model_inputs) if _node(tensor) in passed)
        feeds = (*(model_inputs[i] for i in inputs), *reads)
        key = (call.tensor, *feeds)
        if key not in parts:
            parts[key] = GraphPart(graph_def, passed, feeds, call.tensor)
        layers.append(_Layer(call, tuple(covers), found[call.tensor], reads, inputs, parts[key]))
    return layers


def _add(
    layers: Sequence[_Layer],
    inputs: Sequence[np.ndarray],
    expected: Mapping[str, np.ndarray],
    got: Mapping[str, np.ndarray],
) -> None:
    """One batch of inputs more."""
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


def _batches(arrays: Sequence[np.ndarray], fixed: int | None) -> list[list[np.ndarray]]:
    """The inputs in the model's own batch, or few first, which tensors are matched on."""
    edges = range(0, len(arrays[0]), fixed or _BATCH)
    starts = list(edges) if fixed else sorted({*edges, min(_MATCHED_ON, len(arrays[0]))})
    ends = [*starts[1:], len(arrays[0])]
    pairs = zip(starts, ends, strict=True)
    return [[array[start:end] for array in arrays] for start, end in pairs if end > start]
