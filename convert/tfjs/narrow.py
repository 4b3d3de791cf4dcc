"""Number types that TF.js lacks become the ones it has, in the whole graph.

TF.js computes in float32 and int32 whatever the graph says (`parseDtypeParam` of tfjs-converter
4.22 reads float16 and float64 as float32, int64 and int8 as int32, and does not know bfloat16).
Writing that down keeps weights and nodes consistent, and mixed-precision models only gain by it.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

import numpy as np
from tensorflow.core.framework import types_pb2 as tf_types
from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from edgeproof.convert.errors import ConvertError

_NARROWED = {
    tf_types.DT_HALF: tf_types.DT_FLOAT,
    tf_types.DT_BFLOAT16: tf_types.DT_FLOAT,
    tf_types.DT_DOUBLE: tf_types.DT_FLOAT,
    tf_types.DT_INT64: tf_types.DT_INT32,
    tf_types.DT_INT16: tf_types.DT_INT32,
    tf_types.DT_INT8: tf_types.DT_INT32,
    tf_types.DT_UINT32: tf_types.DT_INT32,
    tf_types.DT_UINT16: tf_types.DT_INT32,
    tf_types.DT_UINT8: tf_types.DT_INT32,
}
# what TensorFlow Lite has few kernels for, and loses nothing by computing in float32
HALVES = {tf_types.DT_HALF: tf_types.DT_FLOAT, tf_types.DT_BFLOAT16: tf_types.DT_FLOAT}
_INT32 = np.iinfo(np.int32)
# "up to the end" in slices
_OPEN_END = {np.iinfo(np.int64).max: _INT32.max, np.iinfo(np.int64).min: _INT32.min}


def narrowed_dtype(name: str) -> str:
    """NumPy's name of the type in which TF.js holds a tensor of type `name`."""
    from tensorflow import as_dtype

    number = as_dtype(name).as_datatype_enum
    return str(as_dtype(_NARROWED.get(number, number)).name)


def has_halves(graph_def: GraphDef) -> bool:
    """Does the graph compute in float16 or bfloat16, as Keras' mixed precision does?"""
    functions = (node for f in graph_def.library.function for node in f.node_def)
    return any(
        value.type in HALVES
        for node in (*graph_def.node, *functions)
        for value in node.attr.values()
    )


def narrow(graph_def: GraphDef, types: Mapping[int, int] = _NARROWED) -> GraphDef:
    """A copy with narrowed types; casts that no longer change anything become Identity.

    Args:
        types: each type's replacement.

    Raises:
        ConvertError: a 64-bit integer constant does not fit into 32 bits.
    """
    result = GraphDef()
    result.CopyFrom(graph_def)
    for node in result.node:
        _narrow_node(node, types)
    for function in result.library.function:
        for argument in (*function.signature.input_arg, *function.signature.output_arg):
            argument.type = types.get(argument.type, argument.type)
        _allow_inlining(function.attr)
        for node in function.node_def:
            _narrow_node(node, types)
    return result


def _allow_inlining(attributes: MutableMapping[str, AttrValue]) -> None:
    # Keras has XLA compile grouped convolutions, as functions of their own
    for key in ("_XlaMustCompile", "_noinline"):
        attributes.pop(key, None)


def _narrow_node(node: NodeDef, types: Mapping[int, int]) -> None:
    _allow_inlining(node.attr)
    for key, value in node.attr.items():
        if node.op == "Const" and key == "value":
            _narrow_constant(node.name, value, types)
        elif value.WhichOneof("value") == "type":
            value.type = types.get(value.type, value.type)
        elif value.WhichOneof("value") == "list" and value.list.type:
            value.list.type[:] = [types.get(t, t) for t in value.list.type]
    if node.op == "Cast" and node.attr["SrcT"].type == node.attr["DstT"].type:
        node.op = "Identity"
        element = AttrValue(type=node.attr["DstT"].type)
        node.attr.clear()
        node.attr["T"].CopyFrom(element)


def _narrow_constant(name: str, value: AttrValue, types: Mapping[int, int]) -> None:
    from tensorflow import as_dtype, make_ndarray, make_tensor_proto

    if value.tensor.dtype not in types:
        return
    wide = make_ndarray(value.tensor)
    target = as_dtype(types[value.tensor.dtype]).as_numpy_dtype
    if target is np.int32:
        wide = np.vectorize(lambda v: _OPEN_END.get(int(v), int(v)), otypes=[np.int64])(wide)
        if wide.size and (wide.min() < _INT32.min or wide.max() > _INT32.max):
            raise ConvertError(
                f"expected integer constants within 32 bits, which is all TF.js has, got "
                f"{wide.max()} in {name}; use smaller numbers there"
            )
    value.tensor.CopyFrom(make_tensor_proto(wide.astype(target)))
