"""Einsum of two tensors as a matrix product between transposes and reshapes.

Multi-head attention is made of einsums, for which the wasm backend of TF.js 4.22 has no kernel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.attr_value_pb2 import AttrValue

from edgeproof.convert.tfjs.graph import Graph, Node
from edgeproof.convert.tfjs.shapes import Shapes

_FLOAT = AttrValue(type=types_pb2.DT_FLOAT)
_INT = AttrValue(type=types_pb2.DT_INT32)
_RESHAPE = {"T": _FLOAT, "Tshape": _INT}
_TRANSPOSE = {"T": _FLOAT, "Tperm": _INT}
Sizes = dict[str, int | None]


@dataclass(frozen=True)
class _Plan:
    """The labels of an equation by their part: of both operands and the result (batch), summed
    over, or of one operand only."""

    batch: str
    summed: str
    left: str
    right: str


def lower_einsum(graph: Graph, node: Node, shapes: Shapes) -> None:
    """Rewrite `node` in place; leaves it alone where a reshape would have two free sizes."""
    equation = node.attr["equation"].s.decode()
    operands, _, result = equation.replace(" ", "").partition("->")
    labels = operands.split(",")
    plan = _plan(labels, result)
    sizes = _sizes(labels, [shapes.get(i) for i in node.inputs])
    if plan is None or sizes is None:
        return
    orders = (plan.batch + plan.left + plan.summed, plan.batch + plan.summed + plan.right)
    plain_right = not plan.batch  # one matrix for every row: a dense layer's kernel
    left_groups = (plan.left, plan.summed) if plain_right else (*plan.batch, plan.left, plan.summed)
    right_groups = (
        (plan.summed, plan.right) if plain_right else (*plan.batch, plan.summed, plan.right)
    )
    made = plan.batch + plan.left + plan.right
    groups = (left_groups, right_groups, tuple(made))
    targets = [t for g in groups if (t := _target(g, sizes)) is not None]
    if len(targets) != len(groups):
        return
    matrices = []
    for reference, have, order, target in zip(
        node.inputs, labels, orders, targets[:2], strict=True
    ):
        ordered = _transposed(graph, f"{node.name}/{order}", reference, have, order)
        matrices.append(_reshaped(graph, f"{node.name}/{order}/matrix", ordered, target))
    attributes = {"T": _FLOAT}
    op = "MatMul" if plain_right else "BatchMatMulV2"
    product = graph.add(f"{node.name}/product", op, matrices, attributes)
    if made == result:
        shape = graph.add_constant(f"{node.name}/shape", np.array(targets[2], np.int32))
        graph.replace(node, "Reshape", [product.name, shape], _RESHAPE)
        return
    shaped = _reshaped(graph, f"{node.name}/shaped", product.name, targets[2])
    permutation = np.array([made.index(label) for label in result], np.int32)
    order_name = graph.add_constant(f"{node.name}/permutation", permutation)
    graph.replace(node, "Transpose", [shaped, order_name], _TRANSPOSE)


def _plan(labels: list[str], result: str) -> _Plan | None:
    if len(labels) != 2 or "." in result or any(len(set(x)) != len(x) for x in (*labels, result)):
        return None
    left, right = labels
    plan = _Plan(
        "".join(x for x in left if x in right and x in result),
        "".join(x for x in left if x in right and x not in result),
        "".join(x for x in left if x not in right),
        "".join(x for x in right if x not in left),
    )
    # a label of one operand that the result lacks would be a sum of its own
    return plan if set(plan.batch + plan.left + plan.right) == set(result) else None


def _sizes(labels: list[str], shapes: list[tuple[int | None, ...] | None]) -> Sizes | None:
    sizes: Sizes = {}
    for names, shape in zip(labels, shapes, strict=True):
        if shape is None or len(shape) != len(names):
            return None
        for label, size in zip(names, shape, strict=True):
            sizes[label] = size if sizes.get(label) is None else sizes[label]
    return sizes


def _target(groups: tuple[str, ...], sizes: Sizes) -> list[int] | None:
    """The shape in which each group of labels is one axis; None where two are free."""
    target = []
    for group in groups:
        of_group = [sizes[label] for label in group]
        known = [size for size in of_group if size is not None]
        target.append(math.prod(known) if len(known) == len(of_group) else -1)
    return target if target.count(-1) <= 1 else None


def _transposed(graph: Graph, name: str, reference: str, have: str, want: str) -> str:
    if have == want:
        return reference
    permutation = [have.index(label) for label in want]
    value = graph.constant(reference)
    if value is not None:
        return graph.add_constant(name, np.ascontiguousarray(value.transpose(permutation)))
    order = graph.add_constant(f"{name}/permutation", np.array(permutation, np.int32))
    return graph.add(name, "Transpose", [reference, order], _TRANSPOSE).name


def _reshaped(graph: Graph, name: str, reference: str, target: list[int]) -> str:
    value = graph.constant(reference)
    if value is not None:
        return graph.add_constant(name, value.reshape(target))
    shape = graph.add_constant(f"{name}/shape", np.array(target, np.int32))
    return graph.add(name, "Reshape", [reference, shape], _RESHAPE).name
