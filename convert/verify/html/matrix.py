"""The heat map: how much of its faithfulness limit each variant used on each runtime."""

from collections.abc import Sequence

from edgeproof.convert.verify.check import Check
from edgeproof.convert.verify.html.elements import (
    card_of,
    figure,
    long_text,
    percent,
    place_of,
    scrolled,
    shown,
)
from edgeproof.convert.verify.report import Report, Row, RuntimeState
from edgeproof.convert.verify.table import UNITS, verdict

# upper ends of the colours' shares of a limit: each about three times the one before
STEPS = (0.01, 0.03, 0.1, 0.3, 0.6, 1.0)
_COST_GATES = ("noise", "agreement", "accuracy-drop", "confidence-drift")
_BLOCKS = (("tflite-", "TensorFlow Lite"), ("tfjs-", "TensorFlow.js"), ("", "Others"))


def matrix(report: Report) -> str:
    """A table for each kind of file, with variants down and runtimes across, and the legend."""
    rows = [row for row in report.rows if row.variant != "source"]
    blocks = []
    for prefix, title in _BLOCKS:
        block = [row for row in rows if row.variant.startswith(prefix)]
        rows = [row for row in rows if not row.variant.startswith(prefix)]
        if block:
            blocks.append(_block(title, block, report.runtimes))
    return "".join(blocks) + _legend() + _not_run(report.runtimes)


def used_of_cost(rows: Sequence[Row]) -> tuple[Check, float] | None:
    """The cost check that is nearest to its limit, or over it, and the share that it used."""
    known = [(c, _used(c)) for row in rows for c in row.checks if c.gate in _COST_GATES]
    return max(known, key=lambda pair: pair[1], default=None)


def _used(check: Check) -> float:
    """The share of the limit that a check used; more than 1 where it does not hold."""
    if check.got is None:
        return float("inf")
    # an agreement of 99 % uses a fifth of what a limit of 95 % leaves
    limit, got = check.limit, check.got
    if check.bound == "at least":
        limit, got = 1 - limit, 1 - got
    return got / limit if limit > 0 else (0.0 if got <= 0 else float("inf"))


def _block(title: str, rows: Sequence[Row], runtimes: Sequence[RuntimeState]) -> str:
    columns = [r for r in runtimes if any(row.runtime == r.name for row in rows)]
    head = "".join(f'<th scope="col">{shown(r.name)}</th>' for r in columns)
    lines = []
    for variant in dict.fromkeys(row.variant for row in rows):
        own = {row.runtime: row for row in rows if row.variant == variant}
        cells = "".join(
            _cell(own[r.name]) if r.name in own else _empty(variant, r) for r in columns
        )
        lines.append(
            f'<tr><th scope="row">{shown(variant)}</th>{cells}{_cost_cell(list(own.values()))}</tr>'
        )
    content = (
        f'<table class="matrix"><caption>{title}</caption><thead><tr>'
        f'<th scope="col">variant</th>{head}<th scope="col">cost</th></tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )
    return scrolled(f"Faithfulness: {title}", content)


def _cell(row: Row) -> str:
    said, link = verdict(row), f"#{place_of(row.variant, row.runtime)}"
    if said == "failed":
        return _linked("bad", link, "✗ failed", "no answers")
    if not row.passed:
        return _linked("bad", link, *_broken([c for c in row.checks if not c]))
    worst = row.worst_error
    if said == "reference" or worst is None or worst.used is None:
        return _linked("reference", link, "reference", "")
    return _linked(f"used-{step_of(worst.used)}", link, _error(row), f"{percent(worst.used)} used")


def _cost_cell(rows: Sequence[Row]) -> str:
    found = used_of_cost(rows)
    if found is None:
        return "<td></td>"
    check, used = found
    link = f"#{card_of(rows[0].variant)}"
    if used > 1 or not check:
        return _linked("bad", link, *_broken([check]))
    return _linked(f"used-{step_of(used)}", link, check.gate, f"{percent(used)} used")


def _broken(failing: Sequence[Check]) -> tuple[str, str]:
    """The first gate that broke, how many others did, and its figure."""
    if not failing:
        return "✗ not checked", ""
    gates, first = list(dict.fromkeys(c.gate for c in failing)), failing[0]
    others = f" +{len(gates) - 1}" if len(gates) > 1 else ""
    got = "no figure" if first.got is None else figure(first.got)
    return f"✗ {gates[0]}{others}", f"{got}, limit {first.limit:g}"


def _linked(kind: str, link: str, first: str, second: str) -> str:
    small = f"<small>{second}</small>" if second else ""
    return f'<td><a class="{kind}" href="{link}"><b>{first}</b>{small}</a></td>'


def _empty(variant: str, runtime: RuntimeState) -> str:
    """Why there is no figure stands in the table of runtimes."""
    if any(left.variant == variant for left in runtime.not_run):
        return '<td><a class="not-run" href="#runtimes">not run</a></td>'
    return "<td></td>"


def step_of(used: float) -> int:
    """Which colour stands for that share of a limit."""
    return next((i for i, end in enumerate(STEPS) if used <= end), len(STEPS) - 1)


def _error(row: Row) -> str:
    worst = row.worst_error
    if worst is None or worst.value is None:
        return "no figure"
    return f"{figure(worst.value)} {UNITS.get(worst.unit, worst.unit)}"


def _legend() -> str:
    starts = (0.0, *STEPS)
    steps = "".join(
        f'<li class="used-{i}">{100 * starts[i]:.0f} to {100 * end:.0f} %</li>'
        for i, end in enumerate(STEPS)
    )
    return (
        '<div class="legend"><p id="legend">Share of the limit that was used</p>'
        f'<ul aria-labelledby="legend">{steps}<li class="bad">✗ a gate broke</li>'
        '<li class="reference">reference: what the others are judged by</li></ul></div>'
    )


def _not_run(runtimes: Sequence[RuntimeState]) -> str:
    left = [r for r in runtimes if r.state in ("unavailable", "failed")]
    if not left:
        return ""
    items = "".join(
        f"<li><strong>{shown(r.name)}</strong> {r.state}: {long_text(r.reason or 'no reason')}</li>"
        for r in left
    )
    return f'<p class="quiet">Not all could be run here:</p><ul class="quiet">{items}</ul>'
