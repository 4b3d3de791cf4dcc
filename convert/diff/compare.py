"""Keras and a variant on the same inputs, tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from edgeproof.convert.diff.dataflow import reached
from edgeproof.convert.diff.errors import DiffError
from edgeproof.convert.diff.graph_tensors import GraphTensors, tfjs_tensors
from edgeproof.convert.diff.layer_calls import LayerCall, traced_calls
from edgeproof.convert.diff.matching import matched_tensors
from edgeproof.convert.diff.snr import Noise, expected_snr, falls_off
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
        snr_db: of the file's values; 200 where they are the same to the last bit.
        expected_db: the least that its inputs and the precision explain.
    """

    layer: str
    kind: str
    covers: tuple[str, ...]
    tensor: str
    reads: tuple[str, ...]
    snr_db: float
    expected_db: float

    @property
    def fell(self) -> bool:
        return falls_off(self.snr_db, self.expected_db)


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
        TfliteTensors(file.content, frozen)
        if file.format == "tflite"
        else tfjs_tensors(file.files)
    )
    noises = {tensor: Noise() for tensor in tensors}
    absent: set[str] = set()
    for rows in _batches(arrays, model.inputs[0].shape[0] or _BATCH):
        expected, got = own.run(rows), side.run(rows)
        for tensor, name in tensors.items():
            if name in got and got[name].size == expected[tensor].size:
                noises[tensor].add(expected[tensor], got[name])
            else:
                absent.add(tensor)
    found = {tensor: name for tensor, name in tensors.items() if tensor not in absent}
    if not found:
        raise DiffError(
            f"expected tensors of {model.name!r} in {file.label}, got none that has the name and "
            "size of one of its layers; was the file made of this model by this version?"
        )
    snr = {tensor: noises[tensor].snr_db for tensor in found}
    return _diff(frozen, calls, found, snr, file.precision, len(arrays[0]))


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


def _diff(
    frozen: FrozenGraph,
    calls: Sequence[LayerCall],
    found: dict[str, str],
    snr: dict[str, float],
    precision: str,
    inputs: int,
) -> Diff:
    by_node = {tensor.partition(":")[0]: tensor for tensor in found}
    names = {call.tensor: call.layer for call in calls}
    rows: list[LayerRow] = []
    covered: set[str] = set()
    for call in (c for c in calls if c.tensor in found):
        passed, met = reached(frozen.graph_def, call.tensor.partition(":")[0], by_node)
        inside = [c.layer for c in calls if c.tensor.partition(":")[0] in passed]
        covered.update(inside)
        reads = [by_node[node] for node in by_node if node in met]
        rows.append(
            LayerRow(
                call.layer,
                call.kind,
                tuple(layer for layer in inside if layer != call.layer),
                found[call.tensor],
                tuple(names[tensor] for tensor in reads),
                snr[call.tensor],
                expected_snr((snr[tensor] for tensor in reads), precision),
            )
        )
    unmatched = tuple(c.layer for c in calls if c.layer not in covered)
    return Diff(tuple(rows), unmatched, inputs)
