"""A .tflite, read from its FlatBuffer alone: no interpreter, no TensorFlow."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

from edgeproof.convert.inspect.inspection import (
    InspectError,
    Inspection,
    Weight,
    grouped,
    total_macs,
)
from edgeproof.edge.manifest import TensorSpec

_DAMAGED = (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError)


def inspect_tflite(path: str, content: bytes) -> Inspection:
    """Describe a TensorFlow Lite file.

    Raises:
        InspectError: not such a file, or a damaged one.
    """
    from ai_edge_litert import schema_py_generated as schema

    if content[4:8] != b"TFL3":
        raise InspectError(
            f"expected a TensorFlow Lite file (identifier TFL3) in {path}, got {content[4:8]!r}"
        )
    try:
        return _described(path, content, schema.ModelT.InitFromPackedBuf(content, 0))
    except _DAMAGED as error:
        raise InspectError(
            f"expected a whole TensorFlow Lite file, got {path}, which is damaged "
            f"({type(error).__name__}); make or copy it again"
        ) from error


def _described(path: str, content: bytes, model: Any) -> Inspection:
    from ai_edge_litert import schema_py_generated as schema

    kinds = {v: k for k, v in vars(schema.BuiltinOperator).items() if k[0].isalpha()}
    codes = [_code(code, kinds) for code in model.operatorCodes]
    sizes = [_stored_bytes(buffer) for buffer in model.buffers]
    if max((b.offset + b.size for b in model.buffers if b.offset > 1), default=0) > len(content):
        raise ValueError("weights beyond the end of the file")
    costs: list[tuple[str, int | None]] = []
    weights: list[Weight] = []
    for graph in model.subgraphs:
        users: dict[int, str] = {}
        for operation in graph.operators:
            kind = codes[operation.opcodeIndex]
            costs.append((kind, _macs(kind, operation, graph.tensors)))
            made = graph.tensors[operation.outputs[0]].name if len(operation.outputs) else b""
            for index in operation.inputs:
                users.setdefault(int(index), made.decode())
        for index, tensor in enumerate(graph.tensors):
            if sizes[tensor.buffer]:
                weights.append(_weight(tensor, users.get(index, ""), sizes[tensor.buffer]))
    main = model.subgraphs[0]
    operations = grouped(costs)
    return Inspection(
        path,
        "tflite",
        len(content),
        tuple(_tensor(main.tensors[i]) for i in main.inputs),
        tuple(_tensor(main.tensors[i]) for i in main.outputs),
        operations,
        sum(math.prod(w.shape) for w in weights if w.scales or w.dtype.startswith("float")),
        total_macs(operations),
        tuple(weights),
    )


def _code(code: Any, kinds: dict[int, str]) -> str:
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    if code.customCode:
        return f"CUSTOM {code.customCode.decode()}"
    return kinds.get(number, f"operator {number}")


def _stored_bytes(buffer: Any) -> int:
    if buffer.offset > 1:  # large weights may stand behind the FlatBuffer
        return int(buffer.size)
    return 0 if buffer.data is None else len(buffer.data)


def _macs(kind: str, operation: Any, tensors: Sequence[Any]) -> int | None:
    shapes = [_shape(tensors[i]) if i >= 0 else () for i in operation.inputs]
    if kind in ("CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL"):
        made = _count(_shape(tensors[operation.outputs[0]]))
        left, kernel = shapes[:2]
        if kind == "CONV_3D":
            return made * _count(kernel[:4])  # depth, rows, columns, in, out
        if kind == "DEPTHWISE_CONV_2D":
            return made * _count(kernel[1:3])  # 1, rows, columns, channels
        if kind == "BATCH_MATMUL":
            return made * left[-2 if operation.builtinOptions.adjX else -1]
        return made * _count(kernel[1:])  # out, [rows, columns,] in
    if kind == "TRANSPOSE_CONV":
        # output shape, kernel (out, rows, columns, in), input
        return _count(shapes[2]) * _count(shapes[1][:3])
    # recurrent kernels and loops repeat an unknown number of times
    return None if "LSTM" in kind or "RNN" in kind or kind in ("WHILE", "IF") else 0


def _count(shape: Sequence[int]) -> int:
    return math.prod(max(int(n), 1) for n in shape)


def _shape(tensor: Any) -> tuple[int, ...]:
    return () if tensor.shape is None else tuple(int(n) for n in tensor.shape)


def _tensor(tensor: Any) -> TensorSpec:
    signature = tensor.shapeSignature
    shape = _shape(tensor) if signature is None else tuple(int(n) for n in signature)
    scales = _scales(tensor)
    return TensorSpec(
        tensor.name.decode(),
        _dtype(tensor.type),
        tuple(None if n < 0 else n for n in shape),
        float(scales[0]) if len(scales) == 1 else None,
        int(tensor.quantization.zeroPoint[0]) if len(scales) == 1 else None,
    )


def _weight(tensor: Any, layer: str, size: int) -> Weight:
    name, scales = tensor.name.decode(), len(_scales(tensor))
    return Weight(name, layer, _dtype(tensor.type), _shape(tensor), size, scales)


def _scales(tensor: Any) -> Sequence[float]:
    quantization = tensor.quantization
    return () if quantization is None or quantization.scale is None else quantization.scale


def _dtype(number: int) -> str:
    from ai_edge_litert import schema_py_generated as schema

    names = {v: k for k, v in vars(schema.TensorType).items() if isinstance(v, int)}
    return names[number].lower()
