"""What is said about any stored model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from edgeproof.convert.errors import ConvertError
from edgeproof.edge.manifest import TensorSpec


class InspectError(ConvertError):
    """The file is no model, or a damaged one."""


@dataclass(frozen=True)
class Weight:
    """A stored constant.

    Attributes:
        layer: the operation that uses it, by the name of what that makes.
        dtype: as stored.
        bytes: in the file, without the file's own description of it.
        scales: how many scales quantise it: 0 none, 1 one for all, more one per channel.
    """

    name: str
    layer: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    scales: int = 0


@dataclass(frozen=True)
class Operations:
    """All operations of one kind; `macs` are multiply-accumulates of one picture or sample."""

    name: str
    count: int
    macs: int | None


@dataclass(frozen=True)
class Inspection:
    """A model; or a bundle or run, whose models are `parts`.

    Attributes:
        kind: "tflite", "tfjs-graph", "tfjs-layers", "keras", "hdf5", "saved-model", "run" or
            "bundle".
        bytes: of all its files.
        parameters: numbers in floating or quantised constants; shapes and axes do not count.
        macs: multiply-accumulates of convolutions and matrix products for a batch of 1; null
            where the shapes are not known.
        notes: what could not be found out, and why.
    """

    path: str
    kind: str
    bytes: int
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    operations: tuple[Operations, ...] = ()
    parameters: int = 0
    macs: int | None = None
    weights: tuple[Weight, ...] = ()
    notes: tuple[str, ...] = ()
    parts: tuple[Inspection, ...] = ()


def grouped(operations: Iterable[tuple[str, int | None]]) -> tuple[Operations, ...]:
    """Operations by kind, most expensive first, from (kind, multiply-accumulates) of each."""
    counts: Counter[str] = Counter()
    macs: dict[str, int | None] = {}
    for name, cost in operations:
        counts[name] += 1
        before = macs.get(name, 0)
        macs[name] = None if cost is None or before is None else before + cost
    rows = [Operations(name, count, macs[name]) for name, count in counts.items()]
    return tuple(sorted(rows, key=lambda row: (-(row.macs or 0), -row.count, row.name)))


def total_macs(operations: Iterable[Operations]) -> int | None:
    """Their sum; None where one is unknown."""
    costs = [row.macs for row in operations]
    return None if None in costs else sum(cost or 0 for cost in costs)
