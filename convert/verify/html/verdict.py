"""The head of the page: what a reader wants to know first."""

from edgeproof.convert.verify.check import Check
from edgeproof.convert.verify.html.elements import (
    figure,
    folded,
    long_text,
    percent,
    place_of,
    points,
    shown,
)
from edgeproof.convert.verify.report import Report, Row
from edgeproof.convert.verify.table import size

_FIRST = 6  # failed rows to list at once


def verdict(report: Report) -> str:
    """Whether all gates hold; if not, which broke, where, and by how much."""
    if report.passed:
        n_checks = sum(len(row.checks) for row in report.rows)
        return (
            '<div class="verdict good"><p><strong>✓ All gates hold</strong> '
            f"{n_checks:,} checks on {_pairs(report)} pairs of variant and runtime</p></div>"
        )
    items = [_failed_row(row) for row in report.rows if not row.passed]
    rest = ""
    if len(items) > _FIRST:
        rest = folded(f"{len(items) - _FIRST} more", f"<ul>{''.join(items[_FIRST:])}</ul>")
    checks = sum(not c for row in report.rows for c in row.checks)
    return (
        '<div class="verdict bad"><p>'
        f"<strong>✗ {_several(len(items), 'row')} broke a gate</strong> "
        f"{_several(checks, 'check')} of {sum(len(row.checks) for row in report.rows):,}</p>"
        f"<ul>{''.join(items[:_FIRST])}</ul>{rest}{_fallen(report)}</div>"
    )


def _failed_row(row: Row) -> str:
    """The row's broken gates, each with the first check that broke."""
    first: dict[str, Check] = {}
    for check in row.checks:
        if not check:
            first.setdefault(check.gate, check)
    said = "; ".join(_broken(c, named=row.variant == "source") for c in first.values())
    place = place_of(row.variant, row.runtime)
    return f'<li><a href="#{place}">{_where(row)}</a>: {said or "no check was made"}</li>'


def _broken(check: Check, *, named: bool) -> str:
    """`named`: whether the row does not say by itself what was compared."""
    gate = f"<b>{check.gate}</b>" + (f", {long_text(check.subject)}:" if named else "")
    if check.got is None:
        return f"{gate.removesuffix(':')}: {long_text(check.found)}"
    return f"{gate} {figure(check.got)} ({check.bound} {check.limit:g})"


def _fallen(report: Report) -> str:
    """The first layer of each variant that computes something else."""
    fallen = report.layers.fallen
    said = [f"{shown(layer)} of {shown(variant)}" for variant, layer in fallen]
    if not said:
        return ""
    return f'<p>First <a href="#layers">layer that falls off</a>: {", ".join(said)}.</p>'


def _several(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' * (count != 1)}"


def key_figures(report: Report) -> str:
    """A few numbers that sum up the rest."""
    found = [_most_used(report), _worst_cost(report), _smallest(report)]
    items = "".join(
        f"<li><b>{value}</b> <span>{words}</span></li>" for value, words in filter(None, found)
    )
    return f'<ul class="key">{items}</ul>' if items else ""


def facts(report: Report) -> str:
    """Which model, which labels, which images, which runtimes."""
    labels, data = report.bundle.labels, report.data
    names = ", ".join(shown(label) for label in labels[:10])
    more = f" and {len(labels) - 10:,} more" if len(labels) > 10 else ""
    ran = sum(runtime.state == "ran" for runtime in report.runtimes)
    images = "none" if data is None else f"{data.images:,} of {data.total:,}, {shown(data.source)}"
    known = {
        "Made from": shown(report.bundle.source),
        "Labels": names + more or "none",
        "Labelled images": images,
        "Runtimes": f"{ran} of {len(report.runtimes)} ran",
    }
    items = "".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>" for k, v in known.items())
    return f'<dl class="facts">{items}</dl>'


def _pairs(report: Report) -> int:
    return sum(row.variant != "source" for row in report.rows)


def _where(row: Row) -> str:
    return f"{shown(row.variant)} on {shown(row.runtime)}"


def _most_used(report: Report) -> tuple[str, str] | None:
    used = [
        (row.worst_error.used, row)
        for row in report.rows
        if row.variant != "source"
        and row.worst_error is not None
        and row.worst_error.used is not None
    ]
    if not used:
        return None
    share, row = max(used, key=lambda pair: pair[0])
    if share > 1:
        return None  # the verdict says it
    return percent(share), f"of a faithfulness limit at most, by {_where(row)}"


def _worst_cost(report: Report) -> tuple[str, str] | None:
    changed = [
        (row.cost.accuracy_change_points, row)
        for row in report.rows
        if row.cost.accuracy_change_points is not None and row.variant != "source"
    ]
    if changed:
        change, row = min(changed, key=lambda pair: pair[0])
        if change >= 0:
            return points(0.0), "of accuracy lost by any variant on any runtime"
        return points(change), f"the largest loss of accuracy: {_where(row)}"
    agreed = [
        (row.cost.agreement, row)
        for row in report.rows
        if row.cost.agreement is not None and row.variant != "source"
    ]
    if not agreed:
        return None
    share, row = min(agreed, key=lambda pair: pair[0])
    if share == 1:
        return percent(share), "of the labels are those of Keras, on every runtime"
    return percent(share), f"of the labels are those of Keras at the least, by {_where(row)}"


def _smallest(report: Report) -> tuple[str, str] | None:
    sizes = [(row.bytes, row) for row in report.rows if row.bytes is not None]
    if not sizes:
        return None
    least, row = min(sizes, key=lambda pair: pair[0])
    most = max(n_bytes for n_bytes, _ in sizes)
    return size(least), f"the smallest variant, {shown(row.variant)}; the largest has {size(most)}"
