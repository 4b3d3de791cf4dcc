"""Layers in float on standard output, and as part of `convert --json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from edgeproof.convert.rescue.layers import Layer
from edgeproof.convert.rescue.result import Attempt, Rescue
from edgeproof.convert.verify.check import Check


def print_rescue(console: Console, found: Rescue) -> None:
    """What was kept, what that did to each gate, what it costs, and what was tried."""

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    console.print()
    if not found.layers:
        say(f"{found.variant} meets its gates by itself: nothing is kept in float.")
    else:
        say(f"{found.variant} keeps {len(found.layers)} of {found.of_layers} layers in float:")
        for layer in found.layers:
            say(f"  {layer.name}{_fused(layer)}")
    console.print(_figures(found))
    say(f"Gates measured on {found.after[0].subject}.")
    if found.chosen_on is not None:
        say(f"The choice was made on {found.chosen_on}:")
        for attempt in found.tried:
            say(f"  {attempt.named}: {_outcome(attempt)}")
    say(
        f"{found.quantisations} files quantised, {len(found.sensitivities)} of them to rank the "
        f"layers, {found.evaluations} evaluated, {found.seconds:.1f} s."
    )


def rescue_document(found: Rescue) -> dict[str, Any]:
    """For `--json`."""
    price = found.price
    return {
        "variant": found.variant,
        "layers": [{"layer": x.name, "covers": list(x.covers)} for x in found.layers],
        "of_layers": found.of_layers,
        "chosen_on": found.chosen_on,
        "measured_on": found.after[0].subject,
        "gates": [
            {"gate": b.gate, "limit": b.limit, "bound": b.bound, "before": b.got, "after": a.got}
            for b, a in zip(found.before, found.after, strict=True)
        ],
        "bytes_before": None if price is None else price.bytes_before,
        "bytes_after": None if price is None else price.bytes_after,
        "median_ms_before": None if price is None else round(price.ms_before, 4),
        "median_ms_after": None if price is None else round(price.ms_after, 4),
        "tried": [
            {
                "layers": list(attempt.layers),
                "holds": attempt.holds,
                "gates": {c.gate: c.got for c in attempt.checks},
                "problem": attempt.problem,
            }
            for attempt in found.tried
        ],
        "sensitivities": [
            {"layer": row.layer, "snr_db": round(row.snr_db, 2)} for row in found.sensitivities
        ],
        "quantisations": found.quantisations,
        "evaluations": found.evaluations,
        "seconds": round(found.seconds, 3),
    }


def _figures(found: Rescue) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("")
    for column in ("limit", "all in integers", *(["with them in float"] if found.layers else [])):
        table.add_column(column, justify="right", no_wrap=True)
    for before, after in zip(found.before, found.after, strict=True):
        limit = f"{before.bound} {before.limit:g}"
        table.add_row(before.gate, limit, *_cells(found, _figure(before), _figure(after)))
    if (price := found.price) is not None:
        table.add_row("bytes", "", f"{price.bytes_before:,}", f"{price.bytes_after:,}")
        times = f"{price.ms_before:.3f}", f"{price.ms_after:.3f}"
        table.add_row(f"median ms of {price.runs}", "", *times)
    return table


def _cells(found: Rescue, before: str, after: str) -> Sequence[str]:
    return (before, after) if found.layers else (before,)


def _figure(check: Check) -> str:
    return check.found if check else f"{check.found} breaks"


def _outcome(attempt: Attempt) -> str:
    """The verdict without the limits, which stand in the table."""
    if attempt.problem is not None or attempt.holds:
        return attempt.verdict
    return "breaks " + ", ".join(f"{c.gate} {c.found}" for c in attempt.checks if not c)


def _fused(layer: Layer) -> str:
    return f" (with {', '.join(layer.covers)})" if layer.covers else ""
