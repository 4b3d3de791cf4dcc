"""What of a quantised .tflite must stay in float, as additions to ai-edge-quantizer's recipe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from edgeproof.convert.flatbuffer import read_tflite
from edgeproof.convert.variants import Precision

# what ai-edge-quantizer 0.10 quantises and tflite-runtime 2.14 has no integer kernel for: found by
# running each operation of its policy alone in both runtimes. LiteRT 2.3 has them all
_WITHOUT_KERNEL: dict[Precision, tuple[str, ...]] = {
    "int8": ("DIV", "SQRT"),
    "int16x8": ("DIV", "EQUAL", "GELU", "NOT_EQUAL", "RSQRT", "SQRT", "SUM"),
}


def left_in_float(float_model: bytes, precision: Precision) -> list[dict[str, Any]]:
    """Rows of a quantisation recipe; later rows win."""
    if precision not in _WITHOUT_KERNEL:
        return []
    model = read_tflite(float_model)
    rows = [_row(".*", name) for name in _WITHOUT_KERNEL[precision]]
    names = [*_names_around_masks(model), *_names_in_loops(model)]
    return rows + [_row(f"^{re.escape(name)};?$", "*") for name in dict.fromkeys(names)]


def operations_in_float(float_model: bytes, operations: Iterable[int]) -> list[dict[str, Any]]:
    """Rows that leave some operations of the main graph in float, by position.

    By kind as well as by name: a name alone would mean the file's own outputs too, which are
    integers whatever computes them. What the quantiser does not know is in float anyway.
    """
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    model = read_tflite(float_model)
    graph = model.subgraphs[0]
    names: dict[str, list[str]] = {}
    for index in sorted(operations):
        operation = graph.operators[index]
        kind = tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME.get(_code(model, operation))
        if kind is not None:
            names.setdefault(kind, []).append(re.escape(_names(graph, operation.outputs)))
    # one expression for each kind: re keeps 512 compiled, and a deep model has more operations
    return [_row(f"^(?:{'|'.join(alternatives)});?$", kind) for kind, alternatives in names.items()]


def ends_in_float() -> list[dict[str, Any]]:
    """Rows that leave the file's inputs and outputs as they are in the float model."""
    return [_row(".*", "INPUT"), _row(".*", "OUTPUT")]


def _row(regex: str, operation: str) -> dict[str, Any]:
    return {
        "regex": regex,
        "operation": operation,
        "algorithm_key": "no_quantize",
        "op_config": {},
    }


def _names_in_loops(model: Any) -> Iterator[str]:
    """What the subgraphs of loops take, compute and return: calibration sees the main graph only.

    ai-edge-quantizer matches an operation by the names of all that it writes, and a graph's inputs
    or outputs together.
    """
    for graph in model.subgraphs[1:]:
        for operation in graph.operators:
            yield _names(graph, operation.outputs)
        yield _names(graph, graph.inputs)
        yield _names(graph, graph.outputs)


def _names_around_masks(model: Any) -> Iterator[str]:
    """Inputs that are compared with a number, as Masking does, and the results made of them.

    A quantised input never equals a number that its scale does not hold: an LSTM after
    Masking(-1) had an error of 0.86 of its largest output. Zero is held by every scale. What else
    reads the input stays in float too, for a marker such as -99 would make its scale useless.
    """
    from ai_edge_litert import schema_py_generated as schema

    graph = model.subgraphs[0]
    comparisons = (schema.BuiltinOperator.EQUAL, schema.BuiltinOperator.NOT_EQUAL)
    masked = {
        index
        for operation in graph.operators
        if _code(model, operation) in comparisons
        for index in operation.inputs
        if index in graph.inputs
        and graph.tensors[index].type == schema.TensorType.FLOAT32
        and not _is_zero(model, graph, (i for i in operation.inputs if i != index))
    }
    if masked:
        yield _names(graph, graph.inputs)
    for operation in graph.operators:
        if masked & set(operation.inputs):
            yield _names(graph, operation.outputs)


def _names(graph: Any, indices: Iterable[int]) -> str:
    return ";".join(graph.tensors[i].name.decode() for i in indices)


def _code(model: Any, operation: Any) -> int:
    code = model.operatorCodes[operation.opcodeIndex]
    return max(code.builtinCode, code.deprecatedBuiltinCode)


def _is_zero(model: Any, graph: Any, others: Iterable[int]) -> bool:
    buffers = [model.buffers[graph.tensors[i].buffer].data for i in others]
    return all(b is not None and len(b) and not any(bytes(b)) for b in buffers)
