"""Calibration, detection and spread as PNG files, and the worst mistakes as a sheet of pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import PercentFormatter
from sklearn import metrics

from edgeproof.train.calibration import Calibration
from edgeproof.train.detection import Detection
from edgeproof.train.evaluate import wilson_interval
from edgeproof.train.groups import Spread
from edgeproof.train.mistakes import Mistake
from edgeproof.train.plots import (
    FAINT,
    INK,
    QUIET,
    STRONG,
    new_figure,
    save,
    tidy,
)
from edgeproof.train.plots_pictures import picture_sheet

_COLUMNS = 6


def draw_reliability(calibration: Calibration, path: Path, title: str) -> None:
    """Accuracy over confidence; the line is where they would be equal.

    Larger dots have more images, and thin lines are their 95 % intervals: a bin of two images says
    nothing.
    """
    figure = new_figure(4.6, 4.4)
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1.2)
    bins = calibration.bins
    n = np.array([b.n for b in bins])
    for b in bins:
        interval = wilson_interval(round(b.accuracy * b.n), b.n)
        ax.plot([b.confidence, b.confidence], interval, color=QUIET, linewidth=1)
    ax.scatter(
        [b.confidence for b in bins],
        [b.accuracy for b in bins],
        s=12 + 160 * n / n.max(),
        color=STRONG,
        zorder=2,
    )
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0))
    ax.set_xlim(0, 1.03)
    ax.set_ylim(0, 1.03)
    ax.set_xlabel("confidence")
    ax.set_ylabel("right")
    ax.set_title(f"{title}: expected calibration error {calibration.ece:.2%}", loc="left", size=10)
    tidy(ax)
    save(figure, path)


def draw_detection(
    detection: Detection, found: np.ndarray, truth: np.ndarray, path: Path, title: str
) -> None:
    """The ROC curve, whose left tenth is what matters, and the precision-recall curve."""
    figure = new_figure(9, 4.2)
    roc, pr = figure.subplots(1, 2)
    false_alarms, sensitivity, _ = metrics.roc_curve(truth, found)
    precision, recall, _ = metrics.precision_recall_curve(truth, found)
    roc.plot(false_alarms, sensitivity, color=STRONG, linewidth=2)
    roc.plot([0, 1], [0, 1], color=FAINT, linewidth=1.2)
    for point in detection.points:
        roc.plot(1 - point.specificity, point.sensitivity, "o", color=INK, markersize=4)
    roc.set_xlabel("false alarms (1 - specificity)")
    roc.set_ylabel("found (sensitivity)")
    roc.set_title(f"ROC: area {detection.auc:.4f}", loc="left", size=10)
    pr.plot(recall, precision, color=STRONG, linewidth=2)
    pr.set_xlabel("found (recall)")
    pr.set_ylabel("right of those called so (precision)")
    pr.set_title(
        f"Precision and recall: average {detection.average_precision:.4f}", loc="left", size=10
    )
    for ax in (roc, pr):
        ax.set_xlim(-0.01, 1.01)
        ax.set_ylim(0, 1.01)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0))
        tidy(ax)
    figure.suptitle(f"{title}: finding {detection.positive}", x=0.01, ha="left", weight="bold")
    save(figure, path)


def draw_spread(spread: Spread, path: Path, title: str) -> None:
    """A dot for each group, lowest first; larger dots are groups with more images."""
    figure = new_figure(9, 3.6)
    ax = figure.subplots()
    n = np.array([g.n for g in spread.groups])
    shares = [g.accuracy for g in spread.groups]
    ax.axhline(spread.quartiles[1], color=QUIET, linewidth=0.8, linestyle=":")
    ax.scatter(range(len(shares)), shares, s=8 + 70 * n / n.max(), color=STRONG, alpha=0.75)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_xlabel("groups, lowest first")
    ax.set_ylabel("accuracy")
    ax.set_xticks([])
    low, high = spread.interval_95
    ax.set_title(
        f"{title}: {len(shares)} groups, median {spread.quartiles[1]:.2%}; "
        f"95 % interval by groups {low:.2%} to {high:.2%}",
        loc="left",
        size=10,
    )
    tidy(ax)
    save(figure, path)


def draw_mistakes(mistakes: Sequence[Mistake], path: Path, title: str) -> None:
    """The wrong answers that the model was surest of, surest first."""
    captions = [
        f"{_short(m.truth)} called\n{_short(m.called)}, {m.confidence:.0%}" for m in mistakes
    ]
    images = np.stack([m.image for m in mistakes]) if mistakes else np.zeros((0, 1, 1, 1), np.uint8)
    words = f"the {len(mistakes)} surest mistakes" if mistakes else "no mistake"
    save(picture_sheet(images, captions, f"{title}: {words}", columns=_COLUMNS), path)


def _short(name: str) -> str:
    return name if len(name) <= 16 else f"{name[:15]}…"
