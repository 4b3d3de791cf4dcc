"""The parts of `report.html`: matrix, cards and tables."""

from html import escape

from edgeproof.convert.verify.check import Check
from edgeproof.convert.verify.cost import Cost
from edgeproof.convert.verify.report import Report, Row
from edgeproof.convert.verify.statistics import Accuracy
from edgeproof.convert.verify.table import size, verdict, worst_error

_NEAR = 0.5  # of the limit: shown as near it
# what an accuracy figure of a variant is taken from: all images, and what most devices run
_PREFERRED = ("litert", "tfjs-wasm")


def scrolled(label: str, table: str) -> str:
    """A table that scrolls in itself on a narrow screen, reachable by keyboard."""
    return f'<div class="scroll" role="region" aria-label="{label}" tabindex="0">{table}</div>'


def matrix(report: Report) -> str:
    """Variants down, runtimes across: the worst error of each pair."""
    rows = [row for row in report.rows if row.variant != "source"]
    columns = [r.name for r in report.runtimes if any(row.runtime == r.name for row in rows)]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = []
    for variant in dict.fromkeys(row.variant for row in rows):
        by_runtime = {row.runtime: row for row in rows if row.variant == variant}
        cells = "".join(
            f"<td>{_cell(by_runtime[name])}</td>" if name in by_runtime else "<td></td>"
            for name in columns
        )
        body.append(f'<tr><th scope="row">{escape(variant)}</th>{cells}</tr>')
    table = (
        f'<table class="matrix"><thead><tr><th scope="col">variant</th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )
    legend = (
        '<ul class="legend"><li><span class="cell good">✓ faithful</span></li>'
        '<li><span class="cell near">✓ over half of the limit</span></li>'
        '<li><span class="cell bad">✗ a gate broke</span></li>'
        '<li><span class="cell measure">reference: what the others are judged by</span></li></ul>'
    )
    return scrolled("Faithfulness by variant and runtime", table) + legend


def _cell(row: Row) -> str:
    said = verdict(row)
    if said == "failed":
        return '<span class="cell bad">✗ failed<small>see below</small></span>'
    if not row.passed:
        broken = ", ".join(dict.fromkeys(c.gate for c in row.checks if not c))
        return f'<span class="cell bad">✗ {escape(broken)}<small>{worst_error(row)}</small></span>'
    if said == "reference":
        return '<span class="cell measure">reference</span>'
    worst = row.worst_error
    share = 0.0 if worst is None or worst.value is None else worst.value / (worst.limit or 1)
    kind = "near" if share > _NEAR else "good"
    return f'<span class="cell {kind}">✓<small>{worst_error(row)}</small></span>'


def variant_cards(report: Report) -> str:
    """A card for each variant: accuracy with its interval, change, agreement, size, times."""
    source = next((row for row in report.rows if row.variant == "source"), None)
    before = None if source is None else source.cost.accuracy
    names = dict.fromkeys(row.variant for row in report.rows if row.variant != "source")
    cards = []
    for name in names:
        rows = [row for row in report.rows if row.variant == name and row.failure is None]
        if rows:
            cards.append(_card(name, rows, before))
    return f'<div class="cards">{"".join(cards)}</div>'


def _card(name: str, rows: list[Row], before: Accuracy | None) -> str:
    row = next((r for r in rows if r.runtime in _PREFERRED), rows[0])
    found, cost = row.cost.accuracy, row.cost
    facts = {}
    if cost.accuracy_change_points is not None:
        facts["accuracy change"] = f"{cost.accuracy_change_points:+.2f} points"
    if cost.agreement is not None:
        facts["same top label"] = f"{cost.agreement:.1%} of {cost.agreement_n:,}"
    if cost.agreement_top5 is not None:
        facts["that label in the top 5"] = f"{cost.agreement_top5:.1%}"
    if (test := cost.accuracy_test) is not None:
        facts["turned wrong / right"] = f"{test.lost} / {test.gained}, p = {test.p_value:.2g}"
    if cost.confidence_drift is not None:
        facts["confidence drift"] = f"{cost.confidence_drift:.2g}"
    facts |= _before_and_after(cost)
    if row.bytes is not None:
        facts["size"] = size(row.bytes)
    for timed in rows:
        if timed.p50_ms is not None and timed.p95_ms is not None:
            facts[escape(timed.runtime)] = f"{timed.p50_ms:.2f} / {timed.p95_ms:.2f} ms"
    items = "".join(f"<dt>{k}</dt><dd>{v}</dd>" for k, v in facts.items())
    top = "" if found is None else _accuracy(found, before, row.runtime)
    return f'<article class="card"><h3>{escape(name)}</h3>{top}<dl>{items}</dl></article>'


def _before_and_after(cost: Cost) -> dict[str, str]:
    """Figures that Keras has as well: its own, then the variant's."""
    facts = {}
    if cost.calibration_error is not None and cost.calibration_error_before is not None:
        before, after = cost.calibration_error_before, cost.calibration_error
        facts["calibration error"] = f"{before:.4f} → {after:.4f}"
    if (was := cost.screening_before) is not None and (now := cost.screening) is not None:
        facts["ROC-AUC"] = f"{was.roc_auc:.4f} → {now.roc_auc:.4f}"
        for word, label, first, then in (
            ("sensitivity", now.positive, was.sensitivity, now.sensitivity),
            ("specificity", now.negative, was.specificity, now.specificity),
        ):
            facts[f"{word} ({escape(label)})"] = f"{first.value:.2%} → {then.value:.2%}"
    return facts


def _accuracy(found: Accuracy, before: Accuracy | None, runtime: str) -> str:
    """The figure, and its interval drawn between the worst bound shown and 1."""
    bounds = [found.low] if before is None else [found.low, before.low]
    left = max(0.0, min(bounds) - 0.02)

    def x(value: float) -> float:
        return 2 + 296 * (value - left) / (1 - left)

    source = ""
    if before is not None:
        at = x(before.value)
        source = f'<line class="source" x1="{at:.1f}" x2="{at:.1f}" y1="2" y2="18"/>'
    words = f"{found.value:.2%}, 95 % interval {found.low:.2%} to {found.high:.2%}"
    return (
        f'<div><span class="big">{found.value:.2%}</span> '
        f'<span class="quiet">accuracy on {escape(runtime)}, n = {found.n:,}</span></div>'
        f'<svg viewBox="0 0 300 20" role="img" aria-label="{words}" preserveAspectRatio="none">'
        f'<line class="track" x1="2" x2="298" y1="10" y2="10" stroke-width="2"/>'
        f'<line class="interval" x1="{x(found.low):.1f}" x2="{x(found.high):.1f}" '
        f'y1="10" y2="10" stroke-width="6" stroke-linecap="round"/>{source}'
        f'<circle class="value" cx="{x(found.value):.1f}" cy="10" r="4"/></svg>'
    )


def checks(report: Report) -> str:
    """A closed section for each row, open where a gate broke."""
    return "".join(_row_checks(row) for row in report.rows)


def _row_checks(row: Row) -> str:
    lines = "".join(
        f"<tr><td>{_mark(bool(c))}{escape(c.gate)}</td><td>{escape(c.subject)}</td>"
        f'<td class="number">{c.compared:,}</td><td>{escape(c.found)}</td>'
        f"<td>{escape(c.expected)}</td><td>{_override(c)}</td></tr>"
        for c in row.checks
    )
    table = (
        '<table><thead><tr><th scope="col">gate</th><th scope="col">compared</th>'
        '<th scope="col" class="number">values</th><th scope="col">found</th>'
        '<th scope="col">expected</th><th scope="col">would pass with</th></tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )
    name = f"{escape(row.variant)} on {escape(row.runtime)}"
    judged = f", judged by {escape(row.reference)}" if row.reference else ""
    return (
        f"<details{'' if row.passed else ' open'}><summary>{_mark(row.passed)}{name}"
        f'<span class="quiet">{judged}</span></summary>{scrolled(name, table)}</details>'
    )


def _override(found: Check) -> str:
    return "no limit" if found.override is None else f"<code>{escape(found.override)}</code>"


def _mark(good: bool) -> str:
    kind, sign, word = ("good", "✓", "passed") if good else ("bad", "✗", "broken")
    return f'<span class="mark {kind}" role="img" aria-label="{word}">{sign}</span>'


def gates(report: Report) -> str:
    lines = "".join(
        f'<tr><th scope="row">{escape(g.name)}</th><td>{escape(g.precision)}</td>'
        f"<td>{escape(g.bound)} {g.limit:g} {escape(g.unit)}</td><td>{escape(g.why)}</td></tr>"
        for g in report.gates
    )
    return (
        '<table><thead><tr><th scope="col">gate</th><th scope="col">precision</th>'
        '<th scope="col">limit</th><th scope="col">why</th></tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def runtimes(report: Report) -> str:
    lines = "".join(
        f'<tr><th scope="row">{escape(r.name)}</th><td>{escape(r.state)}</td>'
        f"<td>{escape(r.version or '')}</td><td>{escape(r.reason or '')}</td></tr>"
        for r in report.runtimes
    )
    return (
        '<table><thead><tr><th scope="col">runtime</th><th scope="col">state</th>'
        '<th scope="col">version</th><th scope="col">reason</th></tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )
