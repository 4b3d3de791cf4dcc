"""Training curves and the confusion matrix as PNG files."""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from edgeproof.train.evaluate import Evaluation
from edgeproof.train.history import EpochFigures

INK, FAINT = "#1f2933", "#d9dee4"
QUIET, STRONG = "#9aa5b1", "#0b69a3"
# beyond this the numbers in the cells cannot be read, and only the colours are drawn
_MOST_NUMBERED_CLASSES = 20
# curves: where a logarithmic scale begins that has a 0, and how many ticks it takes
_FEW_WRONG, _FEWEST_TICKS, _MOST_TICKS = 0.001, 3, 9


def draw_curves(history: Sequence[EpochFigures], best_epoch: int, path: Path, title: str) -> None:
    """Loss and share of wrong answers per epoch; a line marks the epoch whose weights were kept.

    Logarithmic, or the first epoch's heights would hide all that the others gain: from 1 % wrong to
    0.5 % is as far as from 2 % to 1 %.
    """
    figure = new_figure(9, 3.6)
    axes = figure.subplots(1, 2)
    epochs = [h.epoch for h in history]
    _curve(axes[0], epochs, [h.loss for h in history], [h.validation_loss for h in history])
    wrong = [1 - h.accuracy for h in history], [1 - h.validation_accuracy for h in history]
    _curve(axes[1], epochs, *wrong)
    axes[0].set_title("Loss", loc="left")
    axes[0].set_yscale("log")
    axes[1].set_title("Wrong answers", loc="left")
    if min((*wrong[0], *wrong[1]), default=0) > _FEW_WRONG:
        axes[1].set_yscale("log")
    else:  # linear below, down to 0: an epoch may have no wrong answer
        axes[1].set_yscale("symlog", linthresh=_FEW_WRONG, linscale=0.3)
        axes[1].set_ylim(bottom=0)
    for ax, words in ((axes[0], "{x:.3g}"), (axes[1], "{x:.3%}")):
        _label_steps(ax, words)
        ax.axvline(best_epoch, color=STRONG, linewidth=0.8, linestyle=":")
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].legend(frameon=False, loc="best")
    figure.suptitle(f"{title}: weights of epoch {best_epoch}", x=0.01, ha="left", weight="bold")
    save(figure, path)


def _label_steps(ax: Axes, words: str) -> None:
    """Ticks at 1, 2 and 5 of each power of ten within the limits, in plain numbers."""
    low, high = ax.get_ylim()
    steps = [m * 10.0**power for power in range(-5, 4) for m in (1, 2, 5)]
    ticks = [step for step in steps if max(low, _FEW_WRONG) <= step <= high]
    if len(ticks) > _MOST_TICKS:
        ticks = [step for step in ticks if f"{step:e}".startswith("1")]
    elif len(ticks) < _FEWEST_TICKS:
        ticks = [t for t in MaxNLocator(5).tick_values(low, high) if low <= t <= high]
    if low == 0:
        ticks = [0.0, *ticks]
    ax.set_yticks(ticks, [_trimmed(words.format(x=tick)) for tick in ticks])
    ax.minorticks_off()


def _trimmed(number: str) -> str:
    """0.500% as 0.5%."""
    return re.sub(r"\.?0+%$", "%", number) if "." in number else number


def draw_confusion(
    evaluation: Evaluation, label_names: tuple[str, ...], path: Path, title: str
) -> None:
    """Rows are the truth and sum to 100 %; the numbers are counts of test images."""
    counts = np.asarray(evaluation.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = float(np.clip(2.2 + 0.45 * len(label_names), 4.2, 14))
    figure = new_figure(size + 0.6, size)
    ax = figure.subplots()
    # square root: one confused image in a hundred must not look like none
    picture = ax.imshow(np.sqrt(shares), cmap="Blues", vmin=-0.02, vmax=1)
    names = [without_mathematics(name) for name in label_names]
    ax.set_xticks(range(len(names)), names)
    if max(map(len, label_names)) > 2:
        ax.tick_params("x", rotation=45)
        for text in ax.get_xticklabels():
            text.set_horizontalalignment("right")
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel("called")
    ax.set_ylabel("truth")
    ax.tick_params(length=0)
    ax.tick_params(which="minor", length=0)
    ax.spines[:].set_visible(False)
    ax.set_xticks(np.arange(len(label_names)) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(label_names)) - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=1.5)
    if len(label_names) <= _MOST_NUMBERED_CLASSES:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                color = "white" if shares[row, column] > 0.35 else INK
                ax.text(column, row, f"{count:,}", ha="center", va="center", color=color, size=8)
    scale = figure.colorbar(picture, ax=ax, shrink=0.8, ticks=np.sqrt([0, 0.01, 0.1, 0.5, 1]))
    scale.ax.set_yticklabels(["0", "1 %", "10 %", "50 %", "100 %"])
    scale.outline.set_visible(False)
    low, high = evaluation.interval_95
    ax.set_title(
        f"{title}: {evaluation.accuracy:.2%} of {evaluation.n:,} test images\n"
        f"95 % interval {low:.2%} to {high:.2%}",
        loc="left",
        size=10,
    )
    save(figure, path)


def without_mathematics(name: str) -> str:
    """A label for a plot: what stands between dollar signs is a formula to matplotlib."""
    return name.replace("$", r"\$")


class Plot(Figure):
    """A figure that a notebook shows as the last value of a cell, without pyplot."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        content = io.BytesIO()
        self.savefig(content, format="png", facecolor="white")
        # 150 pixels an inch, shown at 100: sharp on screens of 1.5 times the resolution
        width, height = self.get_size_inches() * 100
        return content.getvalue(), {"width": round(width), "height": round(height)}


def new_figure(width: float, height: float) -> Plot:
    """An empty figure, in inches, without pyplot: no window system, no global state."""
    figure = Plot(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _curve(ax: Axes, epochs: list[int], train: list[float], validation: list[float]) -> None:
    marker = "o" if len(epochs) < 3 else ""
    ax.plot(epochs, train, color=QUIET, linewidth=1.5, marker=marker, label="training (augmented)")
    ax.plot(epochs, validation, color=STRONG, linewidth=2, marker=marker, label="validation")
    tidy(ax)


def tidy(ax: Axes) -> None:
    """Lines across, no frame, no ticks."""
    ax.grid(axis="y", color=FAINT, linewidth=0.8)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(length=0, colors=INK)


def save(figure: Figure, path: Path) -> None:
    """As a PNG on white, whatever the reader's theme."""
    figure.savefig(path, facecolor="white")
