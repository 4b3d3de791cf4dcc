"""A .tflite taken apart, edited and packed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# written by the converter about itself, read by nobody
_UNREAD_METADATA = b"CONVERSION_METADATA"


def repacked(content: bytes, *edits: Callable[[Any], None]) -> bytes:
    """The .tflite after edits of its `ModelT` (the object form of TFLite's schema)."""
    import flatbuffers
    import numpy as np
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    model = tfl_flatbuffer_utils.read_model(content)
    for edit in edits:
        edit(model)
    for buffer in model.buffers:
        buffer.offset = buffer.size = 0  # the quantiser puts large weights behind the FlatBuffer
        if buffer.data is not None:
            # anything but an array is packed byte by byte: 14 s for MobileNetV2
            buffer.data = np.frombuffer(buffer.data, np.uint8)
    builder = flatbuffers.Builder(len(content) + 4096)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def set_metadata(model: Any, name: bytes, content: bytes) -> None:
    """Give the model a named metadata buffer, in place of one of that name."""
    from ai_edge_litert import schema_py_generated as schema

    entries = list(model.metadata or [])
    entry = next((e for e in entries if e.name == name), None)
    if entry is None:
        entry = schema.MetadataT()
        entry.name, entry.buffer = name, len(model.buffers)
        model.buffers.append(schema.BufferT())
        model.metadata = [*entries, entry]
    model.buffers[entry.buffer].data = content


def shorten(model: Any) -> None:
    """Leave out what takes bytes and nobody reads; inputs and outputs keep their names.

    TFLiteConverter names a fused tensor by everything that went into it, `relu;add;convolution`:
    the first, the layer that users know, stays. Weights, which are found by the operation that
    takes them, get short names. Together 24 KB of MobileNetV2.
    """
    entries = model.metadata or []
    model.metadata = [entry for entry in entries if entry.name != _UNREAD_METADATA]
    for graph in model.subgraphs:
        weights = _weights(model, graph)
        taken = {tensor.name for tensor in graph.tensors}
        public = {*graph.inputs, *graph.outputs}
        for index, tensor in enumerate(graph.tensors):
            short = b"w%d" % index if index in weights else tensor.name.partition(b";")[0]
            if index not in public and short not in taken:
                taken.add(short)
                tensor.name = short


def _weights(model: Any, graph: Any) -> set[int]:
    """The tensors that hold constants, and those that a DEQUANTIZE makes of them."""
    from ai_edge_litert import schema_py_generated as schema

    buffers = [model.buffers[tensor.buffer].data for tensor in graph.tensors]
    constants = {i for i, data in enumerate(buffers) if data is not None and len(data)}
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    widened = {
        int(operation.outputs[0])
        for operation in graph.operators
        if codes[operation.opcodeIndex] == schema.BuiltinOperator.DEQUANTIZE
        and operation.inputs[0] in constants
    }
    return constants | widened
