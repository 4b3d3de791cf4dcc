"""What a .tflite computes in floating point."""

from __future__ import annotations

from collections import Counter

from edgeproof.convert.flatbuffer import read_tflite


def float_operations(content: bytes) -> Counter[str]:
    """How often each operation of a .tflite reads or writes float32 or float16 tensors.

    Empty for a full-integer model.
    """
    from ai_edge_litert import schema_py_generated as schema

    names = {
        value: name for name, value in vars(schema.BuiltinOperator).items() if name[0].isalpha()
    }
    model = read_tflite(content)
    floats = (schema.TensorType.FLOAT32, schema.TensorType.FLOAT16)
    counted: Counter[str] = Counter()
    for graph in model.subgraphs:
        for operation in graph.operators:
            touched = [i for i in (*operation.inputs, *operation.outputs) if i >= 0]
            if any(graph.tensors[i].type in floats for i in touched):
                code = model.operatorCodes[operation.opcodeIndex]
                counted[names[max(code.builtinCode, code.deprecatedBuiltinCode)]] += 1
    return counted
