"""Loops and branches: their functions as graphs that TF.js 4.22 runs without losing tensors.

What `executeFunctionAsync` and `processStack` of tfjs-converter 4.22 demand, beyond TensorFlow:

* `While` and `If` are spelled `StatelessWhile` and `StatelessIf`: its list of control flow
  operations lacks `If`, whose inputs it then frees although a branch may return them.
* A function returns no constant (the loop would free the weight) and, of each node, one output
  (`mapFunction` keeps one index per node).
* What a body writes into a list it also returns: everything else is freed when the body ends, the
  list's elements included ("Cannot read properties of undefined (reading 'backend')"). So the
  written tensor becomes one more variable of the loop, which nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.graph_pb2 import GraphDef

from edgeproof.convert.tfjs.graph import Argument, Function, Graph, Node

Optimise = Callable[[GraphDef, Sequence[str], Sequence[str], str], Graph]

_STATELESS = {"While": "StatelessWhile", "If": "StatelessIf"}
_LOOP = "StatelessWhile"
_KEYS = ("cond", "body", "then_branch", "else_branch")
# the operation's input that is written
_WRITTEN = {"TensorListSetItem": 2, "TensorListPushBack": 1}


def add_functions(graph: Graph, optimise: Optimise, prefix: str) -> None:
    """Fill `graph.functions` with what its loops and branches call, and adapt them to TF.js.

    Args:
        optimise: makes a Graph of a function's (GraphDef, inputs, outputs, prefix).
        prefix: of the functions' names, for one namespace holds all of them.
    """
    library = {f.signature.name: f for f in graph.library.function}
    for node in graph:
        called = [key for key in _KEYS if node.attr.get(key, AttrValue()).HasField("func")]
        made: dict[str, Function] = {}
        for key in called:
            name = f"{prefix}{node.name.replace('/', '_')}_{key}"
            definition = library[node.attr[key].func.name]
            made[key] = _function(graph, node, definition, name, optimise)
            node.attr[key].func.name = name
        node.op = _STATELESS.get(node.op, node.op)
        if node.op == _LOOP:
            _carry_written(graph, node, made["body"], made["cond"])
        for function in made.values():
            _separate_outputs(function.graph)
            graph.functions += [*function.graph.functions, function]


def _function(
    graph: Graph, node: Node, definition: FunctionDef, name: str, optimise: Optimise
) -> Function:
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph_def

    shapes = list(node.attr["output_shapes"].list.shape) if "body" in node.attr else []
    signature = definition.signature
    graph_def, flat = function_def_to_graph_def(
        definition, shapes if len(shapes) == len(signature.input_arg) else None
    )
    graph_def.library.CopyFrom(graph.library)
    arguments = [Argument(a.name, a.type) for a in signature.input_arg]
    results = [flat[definition.ret[a.name]] for a in signature.output_arg]
    body = optimise(graph_def, [a.name for a in arguments], results, f"{name}_")
    return Function(name, arguments, [a.type for a in signature.output_arg], body)


def _carry_written(graph: Graph, loop: Node, body: Function, cond: Function) -> None:
    for node in body.graph:
        if node.op not in _WRITTEN:
            continue
        position = _WRITTEN[node.op]
        written = _without_identities(body.graph, node.inputs[position])
        dtype = node.attr["element_dtype"].type
        kept = body.graph.add(f"{node.name}/kept", "Identity", [written], _type("T", dtype)).name
        inputs = list(node.inputs)
        inputs[position] = kept
        body.graph.set_inputs(node, inputs)
        body.graph.outputs.append(kept)
        body.result_types.append(dtype)
        for function in (body, cond):
            placeholder = function.graph.add(
                f"{kept}/before", "Placeholder", attr=_type("dtype", dtype)
            )
            function.arguments.append(Argument(placeholder.name, dtype))
        loop.attr["T"].list.type.append(dtype)
        loop.attr["output_shapes"].list.shape.add().unknown_rank = True
        initial = graph.add_constant(f"{loop.name}/{kept}/initial", _zero(dtype))
        graph.set_inputs(loop, [*loop.inputs, initial])
    body.graph.sort()


def _without_identities(graph: Graph, reference: str) -> str:
    while ":" not in reference and graph.node(reference).op == "Identity":
        reference = graph.node(reference).inputs[0]
    return reference


def _separate_outputs(graph: Graph) -> None:
    """Return no constants, and no second output of a node."""
    for index, reference in enumerate(graph.outputs):
        node = graph.node(reference)
        if node.op == "Const" or ":" in reference:
            dtype = node.attr["dtype" if node.op == "Const" else "T"].type
            copy = graph.add(f"{node.name}/returned", "Identity", [reference], _type("T", dtype))
            graph.outputs[index] = copy.name
    graph.sort()


def _zero(dtype: int) -> np.ndarray:
    from tensorflow import as_dtype

    return np.zeros((), as_dtype(dtype).as_numpy_dtype)


def _type(key: str, dtype: int) -> dict[str, AttrValue]:
    return {key: AttrValue(type=dtype)}


def all_graphs(graph: Graph) -> Iterator[Graph]:
    """The graph and those of all its functions."""
    yield graph
    for function in graph.functions:
        yield function.graph


def writes_lists(graph: Graph) -> bool:
    return any(node.op in _WRITTEN for node in graph)
