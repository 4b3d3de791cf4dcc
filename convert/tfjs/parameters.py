"""Constants that TF.js reads in JavaScript: axes, shapes, fill values.

On WebGPU a constant that is also computed with moves to the graphics card for good. Reading it as
an axis then means waiting for the card in the middle of a model, which TF.js 4.22 does by way of a
canvas: slow on all machines, and the end of Chromium's GPU process on those without a GPU
(a `Fill` with the zero that a mask was compared with). So the two are kept apart.
"""

from __future__ import annotations

from edgeproof.convert.tfjs.graph import Graph

# which inputs TF.js 4.22 takes as numbers rather than tensors (tfjs-converter, op_list);
# None: all of them. Pack is among them for the shapes that it puts together
_PARAMETERS: dict[str, tuple[int, ...] | None] = {
    "All": (1,),
    "Any": (1,),
    "ArgMax": (1,),
    "ArgMin": (1,),
    "BatchToSpaceND": (1, 2),
    "BroadcastTo": (1,),
    "ClipByValue": (1, 2),
    "Conv2DBackpropInput": (0,),
    "Cumsum": (1,),
    "ExpandDims": (1,),
    "Fill": (0, 1),
    "GatherV2": (2,),
    "Max": (1,),
    "Mean": (1,),
    "Min": (1,),
    "MirrorPad": (1,),
    "OneHot": (1, 2, 3),
    "Pack": None,
    "Pad": (1,),
    "PadV2": (1, 2),
    "Prod": (1,),
    "Range": None,
    "Reshape": (1,),
    "ResizeBilinear": (1,),
    "ResizeNearestNeighbor": (1,),
    "ReverseV2": (1,),
    "Slice": (1, 2),
    "SpaceToBatchND": (1, 2),
    "Split": (0,),
    "SplitV": (1, 2),
    "StridedSlice": (1, 2, 3),
    "Sum": (1,),
    "TensorListFromTensor": (1,),
    "TensorListReserve": (0, 1),
    "TensorListStack": (1,),
    "Tile": (1,),
    "TopKV2": (1,),
    "Transpose": (1,),
}


def parameter_constants(graph: Graph) -> set[str]:
    """Names of the constants that some operation takes as numbers."""
    found = set()
    for node in graph:
        inputs = list(enumerate(node.inputs))
        if node.op == "ConcatV2":
            read = inputs[-1:]
        else:
            places = _PARAMETERS.get(node.op, ())
            read = [(i, name) for i, name in inputs if places is None or i in places]
        found |= {name for _, name in read if name in graph.constants}
    return found
