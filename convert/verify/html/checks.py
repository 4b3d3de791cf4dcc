"""The tables of `report.html` that say how it was judged: checks, limits, runtimes."""

from edgeproof.convert.verify.check import Check
from edgeproof.convert.verify.html.elements import (
    folded,
    long_text,
    mark,
    place_of,
    plain,
    scrolled,
    shown,
    table,
)
from edgeproof.convert.verify.report import Report, Row


def checks(report: Report) -> str:
    """A closed section for each variant, and in it for each runtime; open where a gate broke."""
    parts = []
    for variant in dict.fromkeys(row.variant for row in report.rows):
        rows = [row for row in report.rows if row.variant == variant]
        passed = all(row.passed for row in rows)
        where = shown(rows[0].runtime) if len(rows) == 1 else f"{len(rows)} runtimes"
        n_checks = sum(len(row.checks) for row in rows)
        summary = (
            f"{mark(passed)}<b>{shown(variant)}</b> "
            f'<span class="quiet">on {where}, {n_checks} checks</span>'
        )
        parts.append(folded(summary, "".join(map(_row_checks, rows)), opened=not passed))
    return "".join(parts)


def _row_checks(row: Row) -> str:
    lines = [
        (
            f"{mark(bool(c))}{c.gate}",
            long_text(c.subject),
            f"{c.compared:,}",
            _found(c),
            c.expected,
            _override(c),
        )
        for c in row.checks
    ]
    head = ("gate", "compared", "values", "found", "expected", "would pass with")
    judged = f", judged by {shown(row.reference)}" if row.reference else ""
    summary = f'{mark(row.passed)}{shown(row.runtime)}<span class="quiet">{judged}</span>'
    label = f"Checks of {plain(row.variant)} on {plain(row.runtime)}"
    # the place is inside, so that a link to it opens the section
    place, content = (
        place_of(row.variant, row.runtime),
        scrolled(label, table(head, lines, ("compared",))),
    )
    return folded(summary, f'<div id="{place}">{content}</div>', opened=not row.passed)


def _found(check: Check) -> str:
    """A figure, or a sentence that may wrap."""
    words = long_text(check.found)
    return words if check.problem is None else f'<span class="sentence">{words}</span>'


def _override(found: Check) -> str:
    return "no limit" if found.override is None else f"<code>{found.override}</code>"


def gates(report: Report) -> str:
    """Every limit with its reason."""
    lines = [
        (shown(g.name), g.precision, f"{g.bound} {g.limit:g} {g.unit}", long_text(g.why))
        for g in report.gates
    ]
    head = ("gate", "precision", "limit", "why")
    content = scrolled("Limits", table(head, lines, ("why",)))
    return folded(f"{len(report.gates)} limits, each with its reason", content)


def runtimes(report: Report) -> str:
    """What became of each runtime, and why."""
    lines = [
        (shown(r.name), r.state, shown(r.version or ""), long_text(r.reason or ""))
        for r in report.runtimes
    ]
    head = ("runtime", "state", "version", "reason")
    return scrolled("Runtimes", table(head, lines, head[2:]))
