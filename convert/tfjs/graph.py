"""A TensorFlow graph that can be edited: nodes, constants as arrays, and who uses what.

Every pass of the TF.js writer works on one `Graph`. Passes reuse the name of the last node that
they replace, so that intermediate tensors keep the names they have in Keras' own graph.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef


@dataclass
class Node:
    """One operation. `inputs` are `name`, `name:index` or, for control inputs, `^name`."""

    name: str
    op: str
    inputs: list[str] = field(default_factory=list)
    attr: dict[str, AttrValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Argument:
    """An argument of a function: a placeholder of its graph and that one's type."""

    name: str
    dtype: int


@dataclass
class Function:
    """What a loop or a branch calls; what it returns are the outputs of its graph."""

    name: str
    arguments: list[Argument]
    result_types: list[int]
    graph: Graph


def producer(reference: str) -> str:
    """The node's name in `name`, `name:index` or `^name`."""
    return reference.removeprefix("^").split(":")[0]


def canonical(reference: str) -> str:
    """`name` for `name:0`, everything else as it stands."""
    return reference.removesuffix(":0")


class Graph:
    """Nodes by name, in an order in which inputs come first.

    Attributes:
        constants: the value of each `Const` node, whose `Node` holds no value itself.
        outputs: tensors that must survive.
        library: TensorFlow's functions, as the graph was given them.
        functions: what loops and branches call, innermost first; empty until `add_functions`.
    """

    def __init__(self, graph_def: GraphDef, outputs: Sequence[str]) -> None:
        self.nodes: dict[str, Node] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.outputs = [canonical(o) for o in outputs]
        self.versions = graph_def.versions
        self.library = graph_def.library
        self.functions: list[Function] = []
        self._consumers: dict[str, Counter[str]] = defaultdict(Counter)
        for node_def in graph_def.node:
            self._insert(self._read(node_def))
        self.sort()

    def _read(self, node_def: NodeDef) -> Node:
        from tensorflow import make_ndarray

        node = Node(
            node_def.name,
            node_def.op,
            [canonical(i) for i in node_def.input],
            {k: v for k, v in node_def.attr.items() if not k.startswith("_")},
        )
        if node.op == "Const":
            self.constants[node.name] = make_ndarray(node.attr.pop("value").tensor)
        return node

    def _insert(self, node: Node) -> None:
        self.nodes[node.name] = node
        for reference in node.inputs:
            self._consumers[producer(reference)][node.name] += 1

    def __iter__(self) -> Iterator[Node]:
        """The nodes as they are now; a pass may change the graph while it iterates."""
        return iter(list(self.nodes.values()))

    def constant(self, reference: str) -> np.ndarray | None:
        """The value behind a reference, or None where it is computed."""
        return self.constants.get(reference)

    def node(self, reference: str) -> Node:
        """The node that makes this tensor."""
        return self.nodes[producer(reference)]

    def only_consumer(self, node: Node) -> Node | None:
        """The one node that uses `node`'s first output, once; None if it is used otherwise."""
        uses = self._consumers[node.name]
        if sum(uses.values()) != 1 or any(producer(o) == node.name for o in self.outputs):
            return None
        consumer = self.nodes[next(iter(uses))]
        return consumer if node.name in consumer.inputs else None

    def consumers(self, name: str) -> list[Node]:
        """Every node that takes an output or a control edge from `name`."""
        return [self.nodes[c] for c in self._consumers[name]]

    def replace(
        self, node: Node, op: str, inputs: Sequence[str], attr: dict[str, AttrValue]
    ) -> None:
        """Make `node` another operation under the same name; its consumers notice nothing."""
        self.set_inputs(node, inputs)
        node.op, node.attr = op, dict(attr)

    def set_inputs(self, node: Node, inputs: Sequence[str]) -> None:
        for reference in node.inputs:
            uses = self._consumers[producer(reference)]
            uses[node.name] -= 1
            if not uses[node.name]:
                del uses[node.name]
        node.inputs = list(inputs)
        for reference in node.inputs:
            self._consumers[producer(reference)][node.name] += 1

    def add(
        self,
        name: str,
        op: str,
        inputs: Sequence[str] = (),
        attr: dict[str, AttrValue] | None = None,
    ) -> Node:
        """A new node; the name gets a number where it is taken."""
        node = Node(self._free_name(name), op, list(inputs), dict(attr or {}))
        self._insert(node)
        return node

    def add_constant(self, name: str, value: np.ndarray) -> str:
        """A new constant; returns its name."""
        dtype = AttrValue(type=_tf_dtype(value))
        node = self.add(name, "Const", attr={"dtype": dtype})
        self.constants[node.name] = value
        return node.name

    def _free_name(self, name: str) -> str:
        candidate, copy = name, 0
        while candidate in self.nodes:
            copy += 1
            candidate = f"{name}_{copy}"
        return candidate

    def redirect(self, old: str, new: str) -> None:
        """Every use of the tensor `old` becomes a use of `new`."""
        for consumer in self.consumers(producer(old)):
            self.set_inputs(consumer, [new if i == old else i for i in consumer.inputs])
        self.outputs = [new if o == old else o for o in self.outputs]

    def prune(self, keep: Iterable[str]) -> None:
        """Drop every node that neither an output nor `keep` needs."""
        needed: set[str] = set()
        waiting = [producer(o) for o in self.outputs] + list(keep)
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += [producer(i) for i in self.nodes[name].inputs]
        self.nodes = {name: node for name, node in self.nodes.items() if name in needed}
        self.constants = {n: v for n, v in self.constants.items() if n in needed}
        self._consumers = defaultdict(Counter)
        for node in self.nodes.values():
            for reference in node.inputs:
                self._consumers[producer(reference)][node.name] += 1

    def sort(self) -> None:
        """Put inputs before their users; `NextIteration` edges, which close loops, are cut."""
        ordered: dict[str, Node] = {}
        entered: set[str] = set()
        for root in self.nodes.values():
            stack = [root]
            while stack:
                node = stack[-1]
                entered.add(node.name)
                pending = next((i for i in node.inputs if producer(i) not in entered), None)
                if pending is not None:
                    stack.append(self.node(pending))
                    continue
                stack.pop()
                ordered.setdefault(node.name, node)
        self.nodes = ordered

    def to_graph_def(self) -> GraphDef:
        """The graph with its constants inside, for TensorFlow to read."""
        from tensorflow import make_tensor_proto

        graph_def = GraphDef(versions=self.versions, library=self.library)
        for node in self.nodes.values():
            node_def = graph_def.node.add(name=node.name, op=node.op, input=node.inputs)
            for key, value in node.attr.items():
                node_def.attr[key].CopyFrom(value)
            if node.op == "Const":
                value = make_tensor_proto(self.constants[node.name])
                node_def.attr["value"].tensor.CopyFrom(value)
        return graph_def


def _tf_dtype(value: np.ndarray) -> Any:
    from tensorflow import as_dtype

    return as_dtype(value.dtype).as_datatype_enum
