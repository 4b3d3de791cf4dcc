"""An inspection for people."""

from __future__ import annotations

import math
from collections import Counter

from rich.console import Console
from rich.table import Table

from edgeproof.convert.inspect.inspection import Inspection
from edgeproof.edge.manifest import TensorSpec


def print_inspection(console: Console, found: Inspection, *, top: int) -> None:
    """Summary, operations and the `top` layers with the largest weights; parts one by one."""
    summary = f"{found.path}: {found.kind}, {found.bytes:,} bytes"
    console.print(summary, markup=False, soft_wrap=True)
    for part in found.parts:
        console.print()
        print_inspection(console, part, top=top)
    if found.parts:
        return
    for kind, tensors in (("input ", found.inputs), ("output", found.outputs)):
        for tensor in tensors:
            console.print(f"  {kind} {_tensor(tensor)}", markup=False, soft_wrap=True)
    macs = _known(found.macs)
    console.print(f"  {found.parameters:,} parameters, {macs} multiply-accumulates")
    stored = Counter[str]()
    for weight in found.weights:
        stored[f"{weight.dtype}{_granularity(weight.scales)}"] += weight.bytes
    shown = ", ".join(f"{size:,} bytes as {name}" for name, size in stored.most_common())
    console.print(f"  weights: {shown or 'none'}", markup=False, soft_wrap=True)
    for note in found.notes:
        console.print(f"  note: {note}", markup=False, soft_wrap=True)
    console.print(_operations(found))
    console.print(_layers(found, top))


def _operations(found: Inspection) -> Table:
    table = Table("operation", title="operations", title_justify="left")
    for column in ("count", "multiply-accumulates"):
        table.add_column(column, justify="right")
    for row in found.operations:
        table.add_row(row.name, f"{row.count:,}", _known(row.macs))
    return table


def _layers(found: Inspection, top: int) -> Table:
    sizes, counts = Counter[str](), Counter[str]()
    for weight in found.weights:
        sizes[weight.layer] += weight.bytes
        counts[weight.layer] += math.prod(weight.shape)
    title = f"largest {min(top, len(sizes))} of {len(sizes)} layers with weights"
    table = Table(title=title, title_justify="left")
    table.add_column("layer", overflow="fold")
    for column in ("values", "bytes", "of all"):
        table.add_column(column, justify="right")
    total = max(sum(sizes.values()), 1)
    for layer, size in sizes.most_common(top):
        table.add_row(layer or "(none)", f"{counts[layer]:,}", f"{size:,}", f"{size / total:.1%}")
    return table


def _known(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _tensor(tensor: TensorSpec) -> str:
    shape = " x ".join("?" if n is None else str(n) for n in tensor.shape) or "scalar"
    scaled = "" if tensor.scale is None else f", {tensor.scale:.6g} * (q - {tensor.zero_point})"
    return f"{tensor.name}: {tensor.dtype} {shape}{scaled}"


def _granularity(scales: int) -> str:
    return {0: "", 1: " (one scale)"}.get(scales, " (a scale per channel)")
