"""Additions of zero and multiplications by one, which Keras' Rescaling and others leave behind."""

from __future__ import annotations

from edgeproof.convert.tfjs.graph import Graph

# operation -> the number that changes nothing
_NEUTRAL = {"Add": 0.0, "AddV2": 0.0, "Sub": 0.0, "Mul": 1.0, "RealDiv": 1.0}
_COMMUTES = ("Add", "AddV2", "Mul")


def drop_neutral(graph: Graph) -> None:
    """Take out `x + 0`, `x - 0`, `x * 1` and `x / 1`; scalars only, which broadcast nothing."""
    for node in graph:
        if node.op not in _NEUTRAL:
            continue
        x, other = node.inputs
        candidates = [(x, other), (other, x)] if node.op in _COMMUTES else [(x, other)]
        for kept, number in candidates:
            value = graph.constant(number)
            if value is not None and value.shape == () and value == _NEUTRAL[node.op]:
                graph.redirect(node.name, kept)
                break
