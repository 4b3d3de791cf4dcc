"""The tables of `report.html` that hold every figure of every variant on every runtime."""

from collections.abc import Callable

from edgeproof.convert.verify.html.elements import NONE, figure, folded, scrolled, shown, table
from edgeproof.convert.verify.report import Report, Row
from edgeproof.convert.verify.spread import ErrorSpread
from edgeproof.convert.verify.statistics import CALIBRATION_BINS, Accuracy

Cell = Callable[[Row], str]


def statistics(report: Report) -> str:
    """Closed sections: errors against the reference, errors against Keras, answers, screening."""
    against_reference = _errors(lambda row: row.errors)
    against_keras = _errors(lambda row: row.cost.errors)
    parts = [
        _section(
            report,
            "Errors against the reference",
            "What each runtime adds: golden inputs, every run, and golden files. Relative to the "
            "largest reference output; p99 is the 99th percentile of all values; in steps where "
            "the outputs are quantised.",
            {"judged by": lambda row: shown(row.reference or "itself"), **against_reference},
        ),
        _section(
            report,
            "Errors against Keras",
            "The same with what conversion did, quantisation included.",
            against_keras,
        ),
    ]
    if any(row.cost.agreement is not None for row in report.rows):
        parts.append(_section(report, "Answers", _answer_words(report), _ANSWERS))
    screened = [row.cost.screening for row in report.rows if row.cost.screening is not None]
    if screened:
        words = (
            f"Positive is {shown(screened[0].positive)} (--positive LABEL says otherwise): "
            f"sensitivity is the share of its images that are recognised, specificity that of "
            f"{shown(screened[0].negative)}, each with its 95 % interval, at the threshold 0.5, "
            "where the more probable label wins. ROC-AUC counts ties one half. Before → after "
            "conversion: Keras, or what stands in for it, and the variant, on the same images."
        )
        parts.append(_section(report, "Screening", words, _SCREENING))
    return "".join(parts)


def _answer_words(report: Report) -> str:
    top5 = "; top 5: is among its five most probable" if len(report.bundle.labels) > 5 else ""
    words = f"Top 1: share of images whose most probable label is the reference's{top5}. "
    if report.data is None:
        return words
    return words + (
        "Turned wrong / right: images that only the reference, and only the variant, has right; p "
        "is McNemar's exact two-sided test of them: how probable so uneven a split is if "
        "conversion changed nothing. Drift: mean change of the probability of the reference's "
        f"label. Calibration error: expected, over {CALIBRATION_BINS} bins of equal width, "
        "before → after conversion. Before is Keras, or what stands in for it, on the same images."
    )


def _section(report: Report, title: str, words: str, cells: dict[str, Cell]) -> str:
    rows = [
        (shown(row.variant), shown(row.runtime), *(cell(row) for cell in cells.values()))
        for row in report.rows
        if row.failure is None
    ]
    content = scrolled(title, table(("variant", "runtime", *cells), rows))
    return folded(title, f'<p class="explained">{words}</p>{content}')


def _errors(spread: Callable[[Row], ErrorSpread | None]) -> dict[str, Cell]:
    names = {
        "largest": "max_absolute",
        "mean": "mean_absolute",
        "p99": "p99_absolute",
        "largest, relative": "max_relative",
        "mean, relative": "mean_relative",
        "p99, relative": "p99_relative",
        "largest, steps": "max_steps",
        "mean, steps": "mean_steps",
        "p99, steps": "p99_steps",
    }

    def cell(field: str) -> Cell:
        def shown(row: Row) -> str:
            found = spread(row)
            value = None if found is None else getattr(found, field)
            return NONE if value is None else figure(value)

        return shown

    return {name: cell(field) for name, field in names.items()}


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.2%}"


def _interval(found: Accuracy | None) -> str:
    return NONE if found is None else f"{found.value:.2%} ({found.low:.2%} to {found.high:.2%})"


def _turned(row: Row) -> str:
    test = row.cost.accuracy_test
    return NONE if test is None else f"{test.lost} / {test.gained}, p = {test.p_value:.3g}"


def _calibration(row: Row) -> str:
    before, after = row.cost.calibration_error_before, row.cost.calibration_error
    return NONE if before is None or after is None else f"{before:.4f} → {after:.4f}"


_ANSWERS: dict[str, Cell] = {
    "images": lambda row: f"{row.cost.agreement_n or 0:,}",
    "top 1": lambda row: _share(row.cost.agreement),
    "top 5": lambda row: _share(row.cost.agreement_top5),
    "accuracy": lambda row: _interval(row.cost.accuracy),
    "accuracy before": lambda row: _interval(row.cost.accuracy_before),
    "turned wrong / right": _turned,
    "drift": lambda row: (
        NONE if row.cost.confidence_drift is None else figure(row.cost.confidence_drift)
    ),
    "calibration error": _calibration,
}


def _screening_cell(figure: str) -> Cell:
    def shown(row: Row) -> str:
        before, after = row.cost.screening_before, row.cost.screening
        if before is None or after is None:
            return NONE
        if figure == "roc_auc":
            return f"{before.roc_auc:.4f} → {after.roc_auc:.4f}"
        was, now = getattr(before, figure), getattr(after, figure)
        return f"{was.value:.2%} → {_interval(now)}"

    return shown


_SCREENING: dict[str, Cell] = {
    "ROC-AUC": _screening_cell("roc_auc"),
    "sensitivity": _screening_cell("sensitivity"),
    "specificity": _screening_cell("specificity"),
}
