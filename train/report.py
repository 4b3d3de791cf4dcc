"""`report.html`: what is in `metrics.json` and the plots, as one page without a script."""

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

from PIL import Image

from edgeproof.train.metrics import Metrics
from edgeproof.train.run_config import RunConfig

_STYLE = Path(__file__).with_name("report.css")
# a class for each row: beyond this the table is folded
_SHOWN_CLASSES = 20
# of a plot for one of the page: sharp on a screen of 1.5 times the resolution
_PIXELS = 1.5
_NONE = "–"  # noqa: RUF001  an en dash where there is no figure


def write_report(folder: Path, config: RunConfig, metrics: Metrics) -> None:
    """Write `report.html` beside the plots, which it holds as well."""
    confusion = () if metrics.test.confusion is None else ("confusion.png",)
    sections: list[tuple[str, str, str, tuple[str, ...]]] = [
        ("learning", "Learning", _learning(config, metrics), ("curves.png",)),
        ("classes", "Classes", _CLASSES + _per_class(metrics), confusion),
        ("confidence", "Confidence", _confidence(config, metrics), ("reliability.png",)),
    ]
    if metrics.detection is not None:
        sections.append(("finding", "Finding", _detection(metrics), ("detection.png",)))
    if metrics.spread is not None:
        sections.append(("groups", "Groups", _spread(metrics), ("groups.png",)))
    if metrics.robustness is not None:
        sections.append(("other", "Other hands and pens", _robustness(metrics), ()))
    sections.append(("mistakes", "Mistakes", _MISTAKES, ("mistakes.png",)))
    sections.append(("made", "How it was made", _made(config, metrics), ()))
    links = "".join(f'<li><a href="#{place}">{title}</a></li>' for place, title, *_ in sections)
    parts = "".join(
        f'<section aria-labelledby="{place}"><h2 id="{place}">{title}</h2>\n{words}'
        + "".join(_picture(folder / name, _ALT[name]) for name in pictures)
        + "</section>\n"
        for place, title, words, pictures in sections
    )
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(config.recipe)}: training report</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<header>
<p class="eyebrow">Edgeproof training report</p>
<h1>{escape(config.recipe)}</h1>
{_headline(config, metrics)}</header>
<nav aria-label="Sections"><ul>{links}</ul></nav>
<main>
{parts}</main>
</body>
</html>
"""
    (folder / "report.html").write_text(page, encoding="utf-8")


_CLASSES = (
    "<p>Of a class's test images the share that was found (recall), and of the images called so "
    "the share that was right (precision).</p>\n"
)
_MISTAKES = "<p>The wrong answers that the model was surest of: the truth, and what it said.</p>\n"
_ALT = {
    "curves.png": "Loss and accuracy over the epochs, in training and in validation; the best "
    "validation loss is among the figures above",
    "confusion.png": "Confusion matrix: true classes down, answers across; the table has its sums",
    "reliability.png": "Accuracy over confidence; the table has the same figures",
    "detection.png": "ROC curve and precision-recall curve; the table has their main points",
    "groups.png": "Accuracy of each group, lowest first; the table has the lowest",
    "mistakes.png": "Sheet of test images that were called wrongly with the highest confidence",
}


def _headline(config: RunConfig, metrics: Metrics) -> str:
    test = metrics.test
    low, high = test.interval_95
    warning = ""
    if metrics.interrupted:
        warning = (
            f'<p class="warning">The training was interrupted after epoch {metrics.epochs} of '
            f"{config.epochs}: these are the weights of the best epoch until then.</p>\n"
        )
    figures = [
        (f"{test.accuracy:.2%}", f"of {test.n:,} test images right"),
        (f"{low:.2%} to {high:.2%}", "95 % interval (Wilson)"),
        (f"{metrics.parameters:,}", "parameters"),
        (f"{test.calibration.ece:.2%}", "expected calibration error"),
    ]
    if metrics.detection is not None:
        figures.insert(2, (f"{metrics.detection.auc:.4f}", "area under the ROC curve"))
    if metrics.robustness is not None:
        figures.insert(2, (f"{metrics.robustness.stress:.2%}", "of the stress set right"))
    items = "".join(f"<div><dt>{words}</dt><dd>{value}</dd></div>" for value, words in figures)
    return f'{warning}<dl class="figures">{items}</dl>\n'


def _learning(config: RunConfig, metrics: Metrics) -> str:
    validation = metrics.validation
    return (
        f"<p>{metrics.epochs} of {config.epochs} epochs in {_duration(metrics.training_s)}. Kept "
        f"are the weights of epoch {validation.best_epoch}, which had the lowest loss on "
        f"{validation.n:,} validation images: {validation.loss:.4f}, {validation.accuracy:.2%} "
        "right. The test images were looked at once, after that.</p>\n"
    )


def _per_class(metrics: Metrics) -> str:
    rows = [
        (
            c.label,
            f"{c.n:,}",
            f"{c.recall:.2%}",
            _NONE if c.precision is None else f"{c.precision:.2%}",
        )
        for c in metrics.test.per_class
    ]
    table = _table("Each class", ("class", "images", "recall", "precision"), rows)
    if len(rows) <= _SHOWN_CLASSES:
        return table
    pairs = [(c.truth, c.called, f"{c.n:,}") for c in metrics.test.confused]
    most = _table("Confused most often", ("truth", "called", "images"), pairs)
    return f"{most}<details><summary>All {len(rows):,} classes</summary>{table}</details>\n"


def _confidence(config: RunConfig, metrics: Metrics) -> str:
    rows = [
        (f"{b.low:.0%} to {b.high:.0%}", f"{b.n:,}", f"{b.confidence:.2%}", f"{b.accuracy:.2%}")
        for b in metrics.test.calibration.bins
    ]
    table = _table("Bins of confidence", ("confidence", "images", "mean", "right"), rows)
    smoothed = (
        " Trained with label smoothing, the model claims a little less than it knows, so its dots "
        "lie above."
        if config.schedule.label_smoothing
        else ""
    )
    return (
        "<p>Is an answer given with 90 % right nine times in ten? Dots on the line would be."
        f"{smoothed}</p>\n{table}"
    )


def _detection(metrics: Metrics) -> str:
    found = metrics.detection
    assert found is not None
    rows = [
        (f"{p.specificity:.0%}", f"{p.sensitivity:.2%}", f"{p.threshold:.3f}") for p in found.points
    ]
    return (
        f"<p>{escape(found.positive)} ({found.n_positive:,} images) among the others "
        f"({found.n_negative:,}). The thresholds are read off these images, so others will differ "
        "a little.</p>\n"
        + _table("Operating points", ("specificity", "sensitivity", "threshold"), rows)
    )


def _spread(metrics: Metrics) -> str:
    spread = metrics.spread
    assert spread is not None
    low, high = spread.interval_95
    rows = [(g.group, f"{g.n:,}", f"{g.accuracy:.2%}") for g in spread.groups[:10]]
    return (
        f"<p>{len(spread.groups)} groups that training never saw. Images of a group are alike, so "
        "the interval that draws whole groups is the honest one for a new group: "
        f"{low:.2%} to {high:.2%}. Half of the groups lie between {spread.quartiles[0]:.2%} and "
        f"{spread.quartiles[2]:.2%}.</p>\n"
        + _table("The lowest groups", ("group", "images", "right"), rows)
    )


def _robustness(metrics: Metrics) -> str:
    robustness = metrics.robustness
    assert robustness is not None
    rows = [
        (
            k.kind,
            f"{k.n:,}",
            f"{k.accuracy:.2%}",
            f"{k.interval_95[0]:.2%} to {k.interval_95[1]:.2%}",
        )
        for k in (*robustness.kinds, robustness.foreign)
    ]
    return (
        "<p>The test images shifted, scaled, rotated, with other strokes and dark on light, and "
        "all at once; and digits of other people from another scanner, 8 x 8 pixels large, that no "
        "training saw.</p>\n"
        + _table("Changed digits", ("images", "number", "right", "95 % interval"), rows)
    )


def _made(config: RunConfig, metrics: Metrics) -> str:
    split = config.split
    rows = [
        ("command", config.command),
        ("data", f"{config.data.images:,} images, {len(config.data.left_out):,} unreadable"),
        (
            "split",
            f"{split.train:,} training, {split.calibration:,} calibration, "
            f"{split.validation:,} validation, {split.test:,} test",
        ),
        ("groups", "none" if split.groups is None else f"{split.groups:,}, none in two parts"),
        ("machine", ", ".join(f"{k} {v}" for k, v in metrics.machine.items())),
        ("versions", ", ".join(f"{k} {v}" for k, v in metrics.versions.items())),
        ("time", f"{_duration(metrics.training_s)} of training"),
    ]
    return _table("Provenance", ("what", "how"), rows)


def _table(caption: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    columns = "".join(f'<th scope="col">{name}</th>' for name in head)
    lines = "".join(
        f'<tr><th scope="row"><bdi>{escape(first)}</bdi></th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in rows
    )
    return (
        f'<div class="scroll" role="group" aria-label="{caption}" tabindex="0"><table>'
        f"<caption>{caption}</caption><thead><tr>{columns}</tr></thead>"
        f"<tbody>{lines}</tbody></table></div>\n"
    )


def _picture(path: Path, words: str) -> str:
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as opened:
        width, height = (round(size / _PIXELS) for size in opened.size)
    return (
        f'<img src="data:image/png;base64,{base64.b64encode(content).decode()}" alt="{words}" '
        f'width="{width}" height="{height}">\n'
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
