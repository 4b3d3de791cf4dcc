"""Integer matrix products as float ones, which every runtime has.

`model.quantize("int8")` of Keras 3 multiplies int8 by int8 into int32 (`BatchMatMulV3`), which
neither TFLite nor TF.js does on plain tensors. The products are exact in float32 up to 2^24, that
is for 1,040 terms of full size; beyond, one rounding of 6e-8 relative enters.
"""

from __future__ import annotations

from tensorflow.core.framework import types_pb2 as types
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

_INTEGERS = (types.DT_INT8, types.DT_UINT8, types.DT_INT16, types.DT_INT32)


def float_products(graph_def: GraphDef) -> GraphDef:
    """The graph with every integer product between casts; the graph itself where it has none."""
    if not any(n.op == "BatchMatMulV3" and n.attr["Ta"].type in _INTEGERS for n in graph_def.node):
        return graph_def
    result = GraphDef(versions=graph_def.versions, library=graph_def.library)
    for node in graph_def.node:
        made = result.node.add()
        made.CopyFrom(node)
        if node.op != "BatchMatMulV3" or node.attr["Ta"].type not in _INTEGERS:
            continue
        made.name, made.op = f"{node.name}/product", "BatchMatMulV2"
        for index, key in enumerate(("Ta", "Tb")):
            cast = _cast(result, f"{node.name}/float{index}", node.input[index])
            cast.attr["SrcT"].type, cast.attr["DstT"].type = node.attr[key].type, types.DT_FLOAT
            made.input[index] = cast.name
        for key in ("Ta", "Tb", "Tout"):
            del made.attr[key]
        made.attr["T"].type = types.DT_FLOAT
        back = _cast(result, node.name, made.name)
        back.attr["SrcT"].type, back.attr["DstT"].type = types.DT_FLOAT, node.attr["Tout"].type
    return result


def _cast(graph_def: GraphDef, name: str, reference: str) -> NodeDef:
    return graph_def.node.add(name=name, op="Cast", input=[reference])
