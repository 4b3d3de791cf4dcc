"""The manifest's tensor descriptions, in the Keras model's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.flatbuffer import read_tflite
from edgeproof.convert.freeze import FrozenGraph, GraphTensor
from edgeproof.convert.tflite import signature_name
from edgeproof.edge.manifest import TensorSpec
from edgeproof.edge.runtime import TfliteModel

Specs = tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]


def graph_specs(frozen: FrozenGraph) -> Specs:
    """Inputs and outputs of the Keras model, which are those of every TF.js form of it."""
    return _of_graph(frozen.inputs), _of_graph(frozen.outputs)


def tflite_specs(content: bytes, frozen: FrozenGraph) -> Specs:
    """Inputs and outputs of a .tflite, found by its signature and never by position.

    Raises:
        ConvertError: the file does not have the model's inputs and outputs.
    """
    model = read_tflite(content)
    signature = model.signatureDefs[0]
    tensors = model.subgraphs[signature.subgraphIndex].tensors

    def tensor_names(maps: Iterable[Any]) -> dict[str, str]:
        return {m.name.decode(): tensors[m.tensorIndex].name.decode() for m in maps}

    loaded = TfliteModel(content)
    return (
        _matched(loaded.inputs, tensor_names(signature.inputs), frozen.inputs),
        _matched(loaded.outputs, tensor_names(signature.outputs), frozen.outputs),
    )


def _matched(
    specs: Sequence[TensorSpec], names: dict[str, str], wanted: Sequence[GraphTensor]
) -> tuple[TensorSpec, ...]:
    by_name = {spec.name: spec for spec in specs}
    if set(names) != {signature_name(t.name) for t in wanted} or set(by_name) != set(
        names.values()
    ):
        raise ConvertError(
            f"expected the tensors {', '.join(t.name for t in wanted)} in the .tflite, "
            f"got {', '.join(names)}"
        )
    return tuple(by_name[names[signature_name(t.name)]] for t in wanted)


def _of_graph(tensors: Sequence[GraphTensor]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(t.name, t.dtype, t.shape or ()) for t in tensors)
