"""A card for each variant: what it is for, its size, what conversion cost, how long it takes."""

from collections.abc import Sequence

from edgeproof.convert.variants import BY_ID
from edgeproof.convert.verify.cost import Cost
from edgeproof.convert.verify.html.elements import (
    NONE,
    card_of,
    figure,
    mark,
    percent,
    plain,
    points,
    shown,
)
from edgeproof.convert.verify.html.intervals import Scale, interval, intervals
from edgeproof.convert.verify.report import Report, Row
from edgeproof.convert.verify.table import size

# what an accuracy figure of a variant is taken from: all images, and what most devices run
_PREFERRED = ("litert", "tfjs-wasm")


def variant_cards(report: Report) -> str:
    """The cards, their intervals of accuracy on one scale."""
    names = dict.fromkeys(row.variant for row in report.rows if row.variant != "source")
    chosen = {name: _chosen(name, report.rows) for name in names}
    costs = [row.cost for row in chosen.values() if row is not None]
    scale = Scale.of([a for c in costs for a in (c.accuracy, c.accuracy_before) if a is not None])
    cards = "".join(_card(name, row, report, scale) for name, row in chosen.items())
    return f'<div class="cards">{cards}</div>'


def _chosen(variant: str, rows: Sequence[Row]) -> Row | None:
    """The row that the card's figures of cost are taken from; None where no runtime answered."""
    answered = [row for row in rows if row.variant == variant and row.failure is None]
    preferred = [row for row in answered if row.runtime in _PREFERRED]
    return next(iter([*preferred, *answered]), None)


def _card(name: str, row: Row | None, report: Report, scale: Scale | None) -> str:
    every = [r for r in report.rows if r.variant == name]
    broken = len({b.gate for b in report.broken if b.variant == name})
    meaning = f'<p class="meaning">{BY_ID[name].meaning}</p>' if name in BY_ID else ""
    n_bytes = every[0].bytes
    warning = ""
    if broken:
        gates = f"{broken} gate{'s' * (broken != 1)} broke"
        warning = f'<p class="warning">{mark(False)} {gates}</p>'
    if row is None:
        content = "<p>No runtime gave an answer.</p>"
    else:
        content = _main_figure(row, scale) + _facts(row.cost) + _times(name, every)
    kind = "card broken" if broken else "card"
    return (
        f'<article class="{kind}" id="{card_of(name)}"><header><h3>{shown(name)}</h3>'
        f'<span class="size">{size(n_bytes) if n_bytes is not None else NONE}</span></header>'
        f"{meaning}{warning}{content}</article>"
    )


def _main_figure(row: Row, scale: Scale | None) -> str:
    """Accuracy where it is known, else how often the answer stayed, else the error."""
    cost, where = row.cost, shown(row.runtime)
    if cost.accuracy is not None and cost.accuracy_before is not None and scale is not None:
        words = f"accuracy on {where}, n = {cost.accuracy.n:,}"
        drawn = intervals(scale, cost.accuracy_before, cost.accuracy)
        return _big(f"{cost.accuracy.value:.2%}", words) + drawn
    if cost.agreement is not None:
        words = f"the same top label on {where}, n = {cost.agreement_n or 0:,}"
        return _big(percent(cost.agreement), words)
    if cost.errors is not None:
        words = f"of the largest output: worst error against Keras, on {where}"
        return _big(percent(cost.errors.max_relative), words)
    return ""


def _big(value: str, words: str) -> str:
    spaced = value.replace("%", " %").replace("  ", " ")
    return f'<p class="main"><span class="big">{spaced}</span> <span>{words}</span></p>'


def _facts(cost: Cost) -> str:
    facts = {}
    if cost.accuracy is not None and cost.accuracy_before is not None:
        facts["95 % interval before"] = interval(cost.accuracy_before)
        facts["after"] = interval(cost.accuracy)
    if cost.accuracy_change_points is not None:
        facts["accuracy change"] = points(cost.accuracy_change_points)
    if (test := cost.accuracy_test) is not None:
        facts["turned wrong / right"] = f"{test.lost} / {test.gained}, p = {test.p_value:.2g}"
    if cost.agreement is not None and cost.accuracy is not None:
        facts["same top label"] = f"{percent(cost.agreement)} of {cost.agreement_n or 0:,}"
    if cost.agreement_top5 is not None:
        facts["label in the top 5"] = percent(cost.agreement_top5)
    if cost.confidence_drift is not None:
        facts["confidence drift"] = figure(cost.confidence_drift)
    facts |= _before_and_after(cost)
    if cost.agreement is None and (errors := cost.errors) is not None:
        facts["mean error"] = percent(errors.mean_relative)
        facts["99 % of the errors under"] = percent(errors.p99_relative)
    items = "".join(f"<dt>{k}</dt><dd>{v}</dd>" for k, v in facts.items())
    return f"<dl>{items}</dl>" if items else ""


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
            facts[f"{word} ({shown(label)})"] = f"{first.value:.2%} → {then.value:.2%}"
    return facts


def _times(name: str, rows: Sequence[Row]) -> str:
    """Median and 95th percentile on each runtime that was timed."""
    lines = "".join(
        f'<tr><th scope="row">{shown(row.runtime)}</th>'
        f"<td>{row.p50_ms:.2f}</td><td>{row.p95_ms:.2f}</td></tr>"
        for row in rows
        if row.p50_ms is not None and row.p95_ms is not None
    )
    if not lines:
        return ""
    return (
        f'<table class="times" aria-label="Times of {plain(name)}"><thead><tr>'
        '<th scope="col">ms for one input</th><th scope="col">p50</th><th scope="col">p95</th>'
        f"</tr></thead><tbody>{lines}</tbody></table>"
    )
