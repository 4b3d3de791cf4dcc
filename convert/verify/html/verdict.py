"""The head of the page: what a reader wants to know first."""

from edgeproof.convert.verify.html.elements import (
    folded,
    long_text,
    percent,
    place_of,
    points,
    shown,
)
from edgeproof.convert.verify.report import Broken, Report, Row
from edgeproof.convert.verify.table import size

_FIRST = 8  # broken gates to list at once


def verdict(report: Report) -> str:
    """Whether all gates hold; if not, which broke, where, and what would let them pass."""
    if report.passed:
        n_checks = sum(len(row.checks) for row in report.rows)
        return (
            '<div class="verdict good"><p><strong>✓ All gates hold</strong> '
            f"{n_checks:,} checks on {_pairs(report)} pairs of variant and runtime</p></div>"
        )
    count = len(report.broken)
    items = [_broken_item(broken) for broken in report.broken]
    rest = ""
    if count > _FIRST:
        hidden = f"<ul>{''.join(items[_FIRST:])}</ul>"
        rest = folded(f"{count - _FIRST} more", hidden)
    return (
        f'<div class="verdict bad"><p><strong>✗ {count} gate{"s" * (count != 1)} broke</strong> '
        f"on {_failed(report)} of {len(report.rows)} rows</p>"
        f"<ul>{''.join(items[:_FIRST])}</ul>{rest}</div>"
    )


def _broken_item(broken: Broken) -> str:
    place = place_of(broken.variant, broken.runtime)
    advice = (
        ""
        if broken.would_pass is None
        else f" Would pass with <code>--gate {broken.would_pass}</code>."
    )
    return (
        f'<li><a href="#{place}">{shown(broken.variant)} on {shown(broken.runtime)}</a>: '
        f"<b>{broken.gate}</b> ({long_text(broken.subject)}): expected {broken.expected}, got "
        f"{long_text(broken.got)}.{advice}</li>"
    )


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


def _failed(report: Report) -> int:
    return sum(not row.passed for row in report.rows)


def _where(row: Row) -> str:
    return f"{shown(row.variant)} on {shown(row.runtime)}"


def _most_used(report: Report) -> tuple[str, str] | None:
    used = [
        (row.worst_error.used, row)
        for row in report.rows
        if row.worst_error is not None and row.worst_error.used is not None
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
    return percent(share), f"the same label as Keras at least: {_where(row)}"


def _smallest(report: Report) -> tuple[str, str] | None:
    sizes = [(row.bytes, row) for row in report.rows if row.bytes is not None]
    if not sizes:
        return None
    least, row = min(sizes, key=lambda pair: pair[0])
    most = max(n_bytes for n_bytes, _ in sizes)
    return size(least), f"the smallest variant, {shown(row.variant)}; the largest has {size(most)}"
