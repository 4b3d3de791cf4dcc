"""What TFLite's kernels ask of a quantised file and ai-edge-quantizer 0.10 leaves out."""

from __future__ import annotations

import copy
from typing import Any

from edgeproof.convert.flatbuffer import packed_tflite, read_tflite


def meeting_kernels(content: bytes) -> bytes:
    """The file with every demand met; weights and arithmetic stay as they are."""
    model = read_tflite(content)
    _sign_quantised_outputs(model)
    for graph in model.subgraphs:
        used = {i for operation in graph.operators for i in operation.inputs} | set(graph.outputs)
        for operation in graph.operators:
            _sum_generally(operation)
            _type_unused_outputs(graph, operation, used)
    return packed_tflite(model)


def _sign_quantised_outputs(model: Any) -> None:
    """Point the signature to the file's outputs, which float_tflite wrote in the same order.

    An output that the graph reads too, as a returned state is, gets a quantised copy, and
    ai-edge-quantizer leaves its signature pointing to the original.
    """
    for signature in model.signatureDefs:
        outputs = model.subgraphs[signature.subgraphIndex].outputs
        for entry, index in zip(signature.outputs, outputs, strict=True):
            entry.tensorIndex = int(index)


def _sum_generally(operation: Any) -> None:
    """Clear `pot_scale_int16` of ADD and SUB, as TFLiteConverter does.

    The flag's default is true and ai-edge-quantizer leaves it: with scales near powers of two, as
    Rescaling to -1..1 has them (1/32767 is 2^-15 to TFLite), the int16 kernel then takes a path
    that can only shift right, and refuses the model ("input1_shift <= 0 was not true").
    """
    from ai_edge_litert import schema_py_generated as schema

    if isinstance(operation.builtinOptions, (schema.AddOptionsT, schema.SubOptionsT)):
        operation.builtinOptions.potScaleInt16 = False


def _type_unused_outputs(graph: Any, operation: Any, used: set[int]) -> None:
    """Give outputs that nobody reads the type and scale of one that is read.

    ai-edge-quantizer quantises a tensor for the sake of its readers and leaves the others float:
    the first step of an LSTM splits off a forget gate that meets a state of zeros and is dropped.
    The kernels of SPLIT want one type and XNNPACK one scale ("failed to delegate SPLIT node").
    """
    read = [i for i in operation.outputs if i in used]
    if not read:
        return
    example = graph.tensors[read[0]]
    for index in operation.outputs:
        if index not in used and _is_float(graph.tensors[index]) and not _is_float(example):
            graph.tensors[index].type = example.type
            graph.tensors[index].quantization = copy.deepcopy(example.quantization)


def _is_float(tensor: Any) -> bool:
    from ai_edge_litert import schema_py_generated as schema

    return bool(tensor.type == schema.TensorType.FLOAT32)
