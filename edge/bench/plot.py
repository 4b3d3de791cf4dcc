"""The figures as a picture: how long a picture takes, and what memory and disk it takes."""

from pathlib import Path
from typing import Any

from edgeproof.edge.bench.figures import Bench, Case
from edgeproof.edge.bench.rows import shown

_INK, _FAINT = "#1f2933", "#d9dee4"
# dark and light stay apart in black and white
_MODEL, _WHOLE, _FILE, _PEAK = "#0b4f79", "#9cc9e8", "#6b4e16", "#e3b968"
_ROW_INCHES = 0.34


def draw(bench: Bench, path: Path) -> None:
    """A PNG or SVG, by the file's name.

    Raises:
        OSError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    cases = [case for case in bench.cases if case.model is not None]
    height = 2.3 + _ROW_INCHES * len(cases)
    figure = Figure(figsize=(10, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    times, sizes = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    places = _places(cases)
    _draw_times(times, cases, places)
    _draw_sizes(sizes, cases, places)
    times.set_yticks(places, [_name(case) for case in cases], size=8)
    times.invert_yaxis()
    for ax in (times, sizes):
        ax.grid(axis="x", color=_FAINT, linewidth=0.7)
        ax.set_axisbelow(True)
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.tick_params(colors=_INK, length=0, labelsize=8)
        ax.legend(
            frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(-0.01, 1), ncols=3,
            borderaxespad=0.2,
        )  # fmt: skip
    figure.suptitle(
        f"{bench.bundle} on {bench.board}, {bench.runtime} {bench.versions[bench.runtime]}",
        x=0.01, ha="left", size=11, color=_INK,
    )  # fmt: skip
    figure.supxlabel(_caption(bench), x=0.01, ha="left", size=7.5, color=_INK)
    figure.savefig(path, format=path.suffix[1:].lower(), facecolor="white")


def _places(cases: list[Case]) -> list[float]:
    """One below the other, with a gap between variants."""
    places: list[float] = []
    for number, case in enumerate(cases):
        step = 1.0 if number == 0 or cases[number - 1].variant == case.variant else 1.5
        places.append((places[-1] if places else 0.0) + step)
    return places


def _draw_times(ax: Any, cases: list[Case], places: list[float]) -> None:
    model = [case.model.median_ms for case in cases if case.model]
    overall = [case.overall.median_ms for case in cases if case.overall]
    slow = [case.overall.p95_ms for case in cases if case.overall]
    if any(case.whole for case in cases):
        ax.barh(places, overall, 0.72, color=_WHOLE, label="whole path")
    ax.barh(places, model, 0.34, color=_MODEL, label="model alone")
    ax.plot(
        slow, places, "|", color=_INK, markersize=9, markeredgewidth=1.4, label="95th percentile"
    )
    # a mark far out would squeeze the bars; its figure stands beside them
    limit = min(max(*model, *overall, *slow) * 1.45, max(*model, *overall) * 2)
    for place, alone, value, far in zip(places, model, overall, slow, strict=True):
        end = max(alone, value, far if far < limit * 0.7 else 0)
        words = f"{shown(value)}, p95 {shown(far)}"
        ax.text(end + limit * 0.012, place, words, va="center", size=8, color=_INK)
    ax.set_xlim(0, limit)
    ax.set_xlabel("median of one picture, ms", size=9, color=_INK)


def _draw_sizes(ax: Any, cases: list[Case], places: list[float]) -> None:
    peaks = [(case.peak_bytes or 0) / 1e6 for case in cases]
    files = [case.file_bytes / 1e6 for case in cases]
    ax.barh(places, peaks, 0.72, color=_PEAK, label="peak memory")
    ax.barh(places, files, 0.34, color=_FILE, label="file")
    limit = max(*peaks, *files) * 1.55
    for place, case, peak in zip(places, cases, peaks, strict=True):
        words = [f"{shown(peak)} MB"] if case.peak_bytes else []
        words.append(f"file {_size(case.file_bytes)}")
        ax.text(
            max(peak, case.file_bytes / 1e6) + limit * 0.012, place, ", ".join(words),
            va="center", size=8, color=_INK,
        )  # fmt: skip
    ax.set_xlim(0, limit)
    ax.set_xlabel("peak memory and file, MB", size=9, color=_INK)


def _size(count: int) -> str:
    return f"{shown(count / 1e6)} MB" if count >= 1e6 else f"{shown(count / 1e3)} KB"


def _name(case: Case) -> str:
    return (
        f"{case.variant.removeprefix('tflite-')}, {case.threads} thread{'s' * (case.threads > 1)}"
    )


def _caption(bench: Bench) -> str:
    told = bench.conditions
    n = min(case.overall.n for case in bench.cases if case.overall)
    parts = [f"n ≥ {n:,} after {bench.warm_up} of warm-up"]
    if bench.picture is not None:
        one = bench.picture
        parts.append(f"{one.name}, {one.width}x{one.height}")
    parts.append(f"governor {told.governor or 'not told'}")
    if told.temperature_after_c is not None:
        parts.append(f"{told.temperature_after_c:.0f} °C after")
    if told.throttled:
        parts.append("slowed down during the run")
    parts.append(f"{bench.cores} cores, {bench.system}")
    return "; ".join(parts)
