"""TensorFlow Lite files from a Keras model: the float file once, every precision from it.

Why ai-edge-quantizer and not TFLiteConverter for the quantised precisions: measured on MobileNetV2
224 on 2 cores with TensorFlow 2.21 and 32 calibration images, deriving from the float file costs
0.07 s (dynamic-int8), 0.09 s (float16), 0.35 s (int8) and 0.42 s (int16x8); TFLiteConverter,
already given the frozen graph, 2.3, 2.2, 4.3 and 4.8 s. The files run equally well: see the
tables in `quantise.py`.

Why TensorFlow's converter of graphs (`compat.v1`) and not that of functions: the graph is there
already. The latter writes it to a SavedModel, reads that again and traces it for a signature, for
the same operations in the end (MobileNetV2: 3.1 s of processor time instead of 0.9 s, and 400 MB).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.fixed_batch import has_loops, with_batch
from edgeproof.convert.flatbuffer import packed_tflite, read_tflite
from edgeproof.convert.freeze import FrozenGraph, GraphTensor, freeze

if TYPE_CHECKING:
    import keras

SIGNATURE = "serving_default"


def float_tflite(model: keras.Model, frozen: FrozenGraph, *, batch: int | None) -> bytes:
    """The float32 .tflite of a model.

    A fixed batch is put into the graph that was traced already. Two kinds of models are traced
    again: those with loops, whose lists need a static element shape (`TensorListReserve`) that
    shape inference does not find later, and those where sizes stay unknown to the converter.

    Args:
        frozen: the model with a free batch.
        batch: None for a free one.

    Raises:
        ConvertError: the model takes any length, it cannot be traced, or it uses an operation that
            TFLite lacks.
    """
    for tensor in frozen.inputs:
        if tensor.shape is None or None in tensor.shape[1:]:
            raise ConvertError(
                f"expected fixed sizes, which TensorFlow Lite plans its memory for, got the input "
                f"{tensor.name} of any length; choose one with --length N"
            )
    if batch is None:
        return tflite_from_frozen(frozen)
    if not has_loops(frozen):
        content = tflite_from_frozen(with_batch(frozen, batch))
        if _is_static(content):
            return content
    return tflite_from_frozen(freeze(model, batch=batch))


def tflite_from_frozen(frozen: FrozenGraph) -> bytes:
    """The float32 .tflite of a frozen graph, with its names as the signature.

    Raises:
        ConvertError: an operation that TFLite lacks; names it.
    """
    import tensorflow as tf
    from tensorflow.lite.python.convert import ConverterError

    converter = tf.compat.v1.lite.TFLiteConverter(
        frozen.graph_def, _converter_tensors(frozen.inputs), _converter_tensors(frozen.outputs)
    )
    try:
        content = bytes(converter.convert())
    except (ConverterError, ValueError, RuntimeError) as error:
        raise ConvertError(f"TensorFlow Lite cannot express this model: {_why(error)}") from error
    return _with_signature(content, frozen)


def signature_name(name: str) -> str:
    """A tensor's name as it stands in a .tflite signature, where TensorFlow allows fewer letters.

    The result is a Python identifier, so that `signature_runner(**{name: array})` takes it.
    """
    letters = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
    return letters if letters[:1].isalpha() else f"t_{letters}"


def _converter_tensors(tensors: Iterable[GraphTensor]) -> list[Any]:
    """What the converter asks of a tensor: its name, shape and type."""
    from types import SimpleNamespace

    import tensorflow as tf

    return [
        SimpleNamespace(name=t.tensor, shape=tf.TensorShape(t.shape), dtype=tf.as_dtype(t.dtype))
        for t in tensors
    ]


def _with_signature(content: bytes, frozen: FrozenGraph) -> bytes:
    from ai_edge_litert import schema_py_generated as schema

    model = read_tflite(content)
    graph = model.subgraphs[0]

    def named(tensors: Iterable[GraphTensor], indices: Iterable[int]) -> list[Any]:
        maps = []
        for tensor, index in zip(tensors, indices, strict=True):
            entry = schema.TensorMapT()
            entry.name, entry.tensorIndex = signature_name(tensor.name), int(index)
            maps.append(entry)
        return maps

    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = SIGNATURE, 0
    signature.inputs = named(frozen.inputs, graph.inputs)
    signature.outputs = named(frozen.outputs, graph.outputs)
    model.signatureDefs = [signature]
    return packed_tflite(model)


def _is_static(content: bytes) -> bool:
    """Is every size of the file's inputs, outputs and intermediate tensors known?"""
    return all(
        tensor.shapeSignature is None or -1 not in tensor.shapeSignature
        for graph in read_tflite(content).subgraphs
        for tensor in graph.tensors
    )


def _why(error: Exception) -> str:
    """The converter's own first error line out of pages of MLIR."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line] or lines or [type(error).__name__]
    return telling[0].rpartition("error: ")[2][:300].rstrip(".")
