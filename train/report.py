"""`report.html`: what is in `metrics.json` and the plots, as one page without a script."""

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

from PIL import Image

from edgeproof.train.data.source import png_of
from edgeproof.train.metrics import Metrics
from edgeproof.train.mistakes import Mistake
from edgeproof.train.run_config import RunConfig

_STYLE = Path(__file__).with_name("report.css")
# a class for each row: beyond this the table is folded
_SHOWN_CLASSES = 20
_SHOWN_LEFT_OUT = 100
_WIDE = 700
# of a plot for one of the page: sharp on a screen of 1.5 times the resolution
_PIXELS = 1.5
_NONE = "–"  # noqa: RUF001  an en dash where there is no figure


def write_report(
    folder: Path, config: RunConfig, metrics: Metrics, mistakes: Sequence[Mistake]
) -> None:
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
    sections.append(("mistakes", "Mistakes", _mistakes(mistakes), ()))
    sections.append(("made", "How it was made", _made(config, metrics), ()))
    links = "".join(f'<li><a href="#{place}">{title}</a></li>' for place, title, *_ in sections)
    parts = "".join(
        f'<section aria-labelledby="{place}"><h2 id="{place}">{title}</h2>\n'
        f'<div class="{place}">{words}'
        + "".join(_plot(folder / name, _ALT[name]) for name in pictures)
        + "</div></section>\n"
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
_ALT = {
    "curves.png": "Loss and wrong answers over the epochs, in training and validation; the best "
    "validation loss is among the figures above",
    "confusion.png": "Confusion matrix: true classes down, answers across; the table has its sums",
    "reliability.png": "Accuracy over confidence; the table has the same figures",
    "detection.png": "ROC curve and precision-recall curve; the table has their main points",
    "groups.png": "Accuracy of each group, lowest first; the table has the lowest",
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
        (
            f"{test.accuracy:.2%}",
            f"of {test.n:,} test images right; 95 % interval (Wilson) {low:.2%} to {high:.2%}",
        ),
        (f"{metrics.parameters:,}", "parameters"),
        (f"{test.calibration.ece:.2%}", "expected calibration error"),
    ]
    if metrics.detection is not None:
        figures.insert(1, (f"{metrics.detection.auc:.4f}", "area under the ROC curve"))
    if metrics.robustness is not None:
        figures.insert(1, (f"{metrics.robustness.stress:.2%}", "of the stress set right"))
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
    calibration = metrics.test.calibration
    rows = [
        (f"{b.low:.0%} to {b.high:.0%}", f"{b.n:,}", f"{b.confidence:.2%}", f"{b.accuracy:.2%}")
        for b in calibration.bins
    ]
    claimed = sum(b.n * b.confidence for b in calibration.bins) / metrics.test.n
    over = claimed - metrics.test.accuracy
    smoothing = config.schedule.label_smoothing
    reason = (
        f" Label smoothing ({smoothing:.0%} in training) makes for modesty."
        if smoothing and over < 0
        else ""
    )
    return (
        "<p>Is an answer given with 90 % right nine times in ten? Dots on the line would be, and "
        f"the thin lines are their 95 % intervals. On average the model claims {claimed:.2%} and "
        f"{metrics.test.accuracy:.2%} are right: {abs(over) * 100:.2f} points too "
        f"{'sure' if over > 0 else 'modest'}.{reason}</p>\n"
        + _table("Bins of confidence", ("confidence", "images", "mean", "right"), rows)
    )


def _mistakes(mistakes: Sequence[Mistake]) -> str:
    if not mistakes:
        return "<p>No test image was called wrongly.</p>\n"
    items = "".join(
        f'<li><img src="{_data(png_of(m.image))}" alt="" width="{m.image.shape[1]}" '
        f'height="{m.image.shape[0]}"><span><bdi>{escape(m.truth)}</bdi> called '
        f"<bdi>{escape(m.called)}</bdi>, {m.confidence:.0%}</span></li>"
        for m in mistakes
    )
    return (
        "<p>The wrong answers that the model was surest of: the truth, what it said, and how sure "
        f'it was.</p>\n<ul class="sheet">{items}</ul>\n'
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
        (
            "data",
            f"{config.data.images:,} images, {len(config.data.left_out):,} of them unreadable",
        ),
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
    return _table("Provenance", ("what", "how"), rows) + _left_out(config.data.left_out)


def _left_out(paths: tuple[str, ...]) -> str:
    if not paths:
        return ""
    shown = "".join(f"<li>{escape(path)}</li>" for path in paths[:_SHOWN_LEFT_OUT])
    more = len(paths) - _SHOWN_LEFT_OUT
    rest = f"<p>and {more:,} more: config.json lists all.</p>" if more > 0 else ""
    return (
        f"<details><summary>{len(paths):,} pictures that could not be read</summary>"
        f"<ul>{shown}</ul>{rest}</details>\n"
    )


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


def _plot(path: Path, words: str) -> str:
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as opened:
        width, height = (round(size / _PIXELS) for size in opened.size)
    # on a telephone a plot of two parts is scrolled, for its words would be 3 pixels high
    wide = ' class="wide"' if width > _WIDE else ""
    return (
        f'<div class="plot" role="group" aria-label="Plot" tabindex="0"><img{wide} '
        f'src="{_data(content)}" alt="{words}" width="{width}" height="{height}"></div>\n'
    )


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
