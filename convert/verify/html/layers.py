"""The signal-to-noise ratio along the model, a curve for each variant, with a table of the same."""

import math
from collections.abc import Sequence

from edgeproof.convert.diff.snr import EXACT, shown_db
from edgeproof.convert.verify.html.elements import folded, long_text, plain, scrolled, shown, table
from edgeproof.convert.verify.layers import LayerCurve, LayerPoint
from edgeproof.convert.verify.report import Report

# the drawing, in its own units
_WIDTH, _HEIGHT = 420, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 412, 12, 160
_GRID_DB = 40
# what float32 reaches; a layer that only hands on what it read is equal, and drawn at the top
_HIGHEST_DB = 160
_NAME = 22  # characters of a layer's name under the axis


def layer_curves(report: Report) -> str:
    """The curves, on one scale so that they can be compared, and what has none."""
    found = report.layers
    if found.reason is not None:
        return f"<p>There are none: {long_text(found.reason)}.</p>"
    drawn = [curve for curve in found.curves if curve.points]
    bounds = _bounds([point for curve in drawn for point in curve.points])
    figures = "".join(_curve(curve, bounds) for curve in drawn)
    left_out = "".join(
        f"<li><strong>{shown(curve.variant)}</strong>: {long_text(curve.reason)}</li>"
        for curve in found.curves
        if curve.reason is not None
    )
    parts = f'<div class="curves">{figures}</div>' if figures else ""
    if left_out:
        parts += f'<p class="quiet">Not compared:</p><ul class="quiet">{left_out}</ul>'
    return parts


def layer_words(report: Report) -> str:
    found = report.layers
    if found.reason is not None:
        return ""
    return (
        f"Every layer of Keras against the same tensor of the variant, on {found.inputs} golden "
        "inputs: the higher, the closer; 20 dB are a factor of ten. The line is the ratio at the "
        "layer, with all that went before; dots are the layer's own, on the values that it read. A "
        "layer whose own ratio is under the dashed line departs more than its precision explains."
        f" Took {found.wall_s:.1f} s."
    )


def _bounds(points: Sequence[LayerPoint]) -> tuple[int, int]:
    """The scale's ends, whole steps of the grid."""
    values = [v for p in points for v in (p.snr_db, p.own_db) if abs(v) < EXACT] or [0.0]
    low = min(0, _GRID_DB * math.floor(max(min(values), -2 * _GRID_DB) / _GRID_DB))
    high = _GRID_DB * math.ceil(min(max(values), _HIGHEST_DB) / _GRID_DB)
    return low, max(low + _GRID_DB, high)


def _curve(curve: LayerCurve, bounds: tuple[int, int]) -> str:
    fallen = next((p for p in curve.points if p.falls_off), None)
    verdict = (
        f'<span class="chip wronged">✗ {shown(fallen.layer)} falls off</span>'
        if fallen is not None
        else '<span class="chip same">no layer falls off</span>'
    )
    return (
        f'<figure class="curve"><figcaption><h3>{shown(curve.variant)}</h3>{verdict}</figcaption>'
        f"{_drawing(curve, bounds)}{_figures(curve)}</figure>"
    )


def _drawing(curve: LayerCurve, bounds: tuple[int, int]) -> str:
    points, (low, high) = curve.points, bounds
    step = (_RIGHT - _LEFT) / max(1, len(points) - 1)

    def x(index: int) -> str:
        return f"{_LEFT + step * index if len(points) > 1 else (_LEFT + _RIGHT) / 2:.1f}"

    def y(decibels: float) -> str:
        share = (min(max(decibels, low), high) - low) / (high - low)
        return f"{_BOTTOM - (_BOTTOM - _TOP) * share:.1f}"

    grid = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y(db)}" y2="{y(db)}"/>'
        f'<text x="{_LEFT - 6}" y="{float(y(db)) + 4.5:.1f}" text-anchor="end">{db}</text>'
        for db in range(low, high + 1, _GRID_DB)
    )
    limit = ""
    if curve.limit_db is not None:
        at = y(curve.limit_db)
        limit = f'<line class="limit" x1="{_LEFT}" x2="{_RIGHT}" y1="{at}" y2="{at}"/>'
    line = " ".join(f"{x(i)},{y(p.snr_db)}" for i, p in enumerate(points))
    radius = 2.4 if len(points) <= 40 else 1.4
    own = "".join(
        _cross(float(x(i)), float(y(p.own_db)))
        if p.falls_off
        else f'<circle cx="{x(i)}" cy="{y(p.own_db)}" r="{radius}"/>'
        for i, p in enumerate(points)
    )
    first, last = plain(_short(points[0].layer)), plain(_short(points[-1].layer))
    names = f'<text x="{_LEFT}" y="{_BOTTOM + 20}">{first}</text>'
    if len(points) > 1:
        names += f'<text x="{_RIGHT}" y="{_BOTTOM + 20}" text-anchor="end">{last}</text>'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{_words(curve)}">'
        f'{grid}<text x="{_LEFT - 6}" y="{_BOTTOM + 20}" text-anchor="end">dB</text>{limit}'
        f'<polyline class="all" points="{line}"/><g class="own">{own}</g>{names}</svg>'
    )


def _cross(x: float, y: float) -> str:
    return f'<path class="fallen" d="M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10"/>'


def _words(curve: LayerCurve) -> str:
    """What the drawing shows, for those who do not see it."""
    lowest = min(curve.points, key=lambda p: p.own_db)
    return (
        f"{len(curve.points)} layers of {plain(curve.variant)}: "
        f"{shown_db(curve.points[0].snr_db)} dB at the first, "
        f"{shown_db(curve.points[-1].snr_db)} dB at the last; of the layers' own the lowest is "
        f"{shown_db(lowest.own_db)} dB at {plain(lowest.layer)}"
    )


def _figures(curve: LayerCurve) -> str:
    rows = [
        (
            shown(p.layer),
            shown_db(p.snr_db),
            f"<b>✗ {shown_db(p.own_db)}</b>" if p.falls_off else shown_db(p.own_db),
            shown(p.kind),
            shown(", ".join(p.covers)),
        )
        for p in curve.points
    ]
    head = ("layer", "dB", "dB of its own", "class", "fused into it")
    content = scrolled(f"Layers of {plain(curve.variant)}", table(head, rows, ("fused into it",)))
    if curve.unmatched:
        names = ", ".join(curve.unmatched)
        content += f'<p class="explained">Not in the file by themselves: {shown(names)}</p>'
    limit = "" if curve.limit_db is None else f", limit {curve.limit_db:.0f} dB"
    return folded(f"{len(curve.points)} layers as a table{limit}", content)


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
