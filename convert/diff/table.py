"""The comparison by layer on standard output."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeproof.convert.diff.compare import Diff, LayerRow
from edgeproof.convert.diff.snr import shown_db


def print_diff(console: Console, diff: Diff, precision: str) -> None:
    """One line for each layer whose output the file holds, then the verdict in one sentence."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("layer", no_wrap=True)
    table.add_column("fused into it")
    for column in ("SNR dB", "of its own dB"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("")
    for row in diff.rows:
        mark = Text("falls off" if row.fell else "", "bold red")
        layer = Text(row.layer, "bold red" if row.fell else "")
        fused = Text(", ".join(row.covers))
        table.add_row(layer, fused, shown_db(row.snr_db), shown_db(row.own_db), mark)
    console.print(table)
    for sentence in sentences(diff, precision):
        console.print(sentence, markup=False, soft_wrap=True)


def sentences(diff: Diff, precision: str) -> list[str]:
    """What the figures say: layers that could not be compared, and the first that falls off."""
    said = []
    if diff.unmatched:
        said.append(f"not in the file by themselves: {', '.join(diff.unmatched)}")
    count = f"{len(diff.rows)} layers on {diff.inputs} inputs"
    if diff.first is None:
        said.append(f"No layer falls off ({count}).")
    else:
        said.append(_fault(diff.first, precision) + f" ({count}).")
    return said


def _fault(row: LayerRow, precision: str) -> str:
    fused = f", with {', '.join(row.covers)} fused into it," if row.covers else ""
    return (
        f"{row.layer}{fused} is the first layer that falls off: {shown_db(row.own_db)} dB on the "
        f"values that it reads, where {precision} explains nothing below {shown_db(row.limit_db)}"
    )
