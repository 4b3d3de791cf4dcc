"""Softsign in operations that the TFLite converters of TensorFlow 2.19 and 2.20 have too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorflow.core.framework.graph_pb2 import GraphDef


def spelled_out(graph_def: GraphDef) -> GraphDef:
    """`x / (1 + |x|)` for each Softsign of the graph, in place; the node keeps its name."""
    import numpy as np
    from tensorflow import make_tensor_proto

    for node in [n for n in graph_def.node if n.op == "Softsign"]:
        source, kind = node.input[0], node.attr["T"]
        one = graph_def.node.add(name=f"{node.name}/one", op="Const")
        one.attr["dtype"].CopyFrom(kind)
        one.attr["value"].tensor.CopyFrom(make_tensor_proto(np.array(1), dtype=kind.type, shape=()))
        size = graph_def.node.add(name=f"{node.name}/size", op="Abs", input=[source])
        below = graph_def.node.add(
            name=f"{node.name}/below", op="AddV2", input=[one.name, size.name]
        )
        for made in (size, below):
            made.attr["T"].CopyFrom(kind)
        node.op = "RealDiv"
        node.input.insert(1, below.name)
    return graph_def
