"""The signal-to-noise ratio along the model as a picture."""

from __future__ import annotations

from pathlib import Path

from edgeproof.convert.diff.compare import Diff

_INK, _FAINT, _LINE, _FAULT = "#1f2933", "#d9dee4", "#0b69a3", "#c62828"
# beyond this the names under the axis cannot be read, and only some are written
_MOST_NAMES = 40


def draw_diff(diff: Diff, path: Path, title: str) -> None:
    """A PNG: the ratios of each layer in order, faults in red.

    Raises:
        OSError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = diff.rows
    figure = Figure(figsize=(min(14.0, 4 + 0.32 * len(rows)), 4.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    places = range(len(rows))
    ax.axhline(
        rows[0].limit_db,
        color=_FAULT,
        linewidth=0.8,
        linestyle=":",
        label="limit for the layer's own",
    )
    own = [row.own_db for row in rows]
    ax.plot(places, own, color="#9aa5b1", marker="o", markersize=3, label="of the layer's own")
    ax.plot(places, [r.snr_db for r in rows], color=_LINE, marker="o", markersize=4, label="in all")
    faults = [place for place, row in enumerate(rows) if row.fell]
    if faults:
        values = [own[place] for place in faults]
        ax.plot(faults, values, "o", color=_FAULT, markersize=7, label="falls off")
        ax.annotate(
            rows[faults[0]].layer, (faults[0], values[0]), (6, 10), textcoords="offset points",
            color=_FAULT, size=9, weight="bold",
        )  # fmt: skip
    ax.set_ylim(bottom=min(0.0, *own) - 5)
    every = -(-len(rows) // _MOST_NAMES)
    shown = list(places)[::every]
    ax.set_xticks(shown, [rows[place].layer for place in shown], rotation=60, ha="right", size=8)
    ax.set_ylabel("signal to noise, dB")
    ax.grid(axis="y", color=_FAINT, linewidth=0.7)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(colors=_INK, length=0)
    ax.legend(frameon=False, fontsize=8)
    ax.set_title(f"{title}: {diff.inputs} inputs against Keras", loc="left", size=10, color=_INK)
    figure.savefig(path, format="png", facecolor="white")
