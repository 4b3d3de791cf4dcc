"""The model card, written from what the run measured: no figure in it is typed by hand."""

import math
from collections.abc import Iterable, Sequence
from textwrap import fill

from edgeproof.train.metrics import Metrics
from edgeproof.train.run_config import RunConfig
from edgeproof.train.zoo.converted import ConvertedFigures
from edgeproof.train.zoo.facts import Facts

CARD = "MODEL_CARD.md"
# of the labels, in the sentence that says what the model does
_SHOWN_LABELS = 10
# browsers show it as it stands
_COLUMNS = 100

# figure, value, interval, number of images
_Row = tuple[str, str, str, str]


def model_card(
    config: RunConfig, metrics: Metrics, converted: Sequence[ConvertedFigures], facts: Facts
) -> str:
    """The card of a zoo entry as Markdown."""
    parts = [
        f"# {config.deployment.name}: {facts.title}",
        _purpose(config, metrics),
        "## Limits\n\n" + "\n".join(map(_bullet, facts.limits)),
        "## Data\n\n" + _data(config, facts),
        f"## Split\n\n{fill(facts.split, _COLUMNS)}\n\n" + _split(config, facts.groups),
        "## Figures\n\nOf the Keras model on the whole test set, which chose nothing.\n\n"
        + _figures(metrics, facts.groups),
    ]
    if converted:
        parts.append("## Converted\n\n" + _converted(converted))
    parts.append("## Training\n\n" + _training(config, metrics, facts))
    return "\n\n".join(parts) + "\n"


def _purpose(config: RunConfig, metrics: Metrics) -> str:
    given, contract = config.deployment, config.deployment.input
    labels = ", ".join(given.labels[:_SHOWN_LABELS])
    more = ", ..." if len(given.labels) > _SHOWN_LABELS else ""
    color = "gray" if contract.color == "gray" else "colour"
    notice = f"> **{given.notice}**\n\n" if given.notice else ""
    does = (
        f"Tells {len(given.labels)} classes apart ({labels}{more}) in {contract.width} x "
        f"{contract.height} {color} pixels, with {metrics.parameters:,} parameters."
    )
    return (
        f"{notice}{fill(does, _COLUMNS)}\n\n"
        f"    edgeproof convert {given.name} -o bundles/{given.name}"
    )


def _bullet(text: str) -> str:
    return fill(text, _COLUMNS, initial_indent="- ", subsequent_indent="  ")


def _data(config: RunConfig, facts: Facts) -> str:
    unreadable = len(config.data.left_out)
    paragraphs = (
        facts.data,
        f"Licence of the pictures: {facts.licence} A few of them lie beside the model, so that it "
        "can be converted and checked without the data set.",
        f"This training read {config.data.images:,} images; {unreadable:,} were unreadable.",
    )
    return "\n\n".join(fill(paragraph, _COLUMNS) for paragraph in paragraphs)


def _split(config: RunConfig, groups: str) -> str:
    split = config.split
    rows = [
        ("training", split.train, "the weights"),
        ("calibration", split.calibration, "the ranges of int8"),
        ("validation", split.validation, "the epoch whose weights are kept"),
        ("test", split.test, "nothing: for the figures below alone"),
    ]
    table = _table(("part", "images", "decides"), ((p, f"{n:,}", what) for p, n, what in rows))
    if split.groups is None:
        return table
    return f"{table}\n\n{split.groups:,} {groups} in all, none in two parts."


def _figures(metrics: Metrics, groups: str) -> str:
    test = metrics.test
    weakest = min(test.per_class, key=lambda figures: figures.recall)
    rows = [
        ("accuracy", share(test.accuracy), interval(test.interval_95), f"{test.n:,}"),
        (f"weakest class, {weakest.label}: found", share(weakest.recall), "", f"{weakest.n:,}"),
        ("expected calibration error", f"{test.calibration.ece:.4f}", "", f"{test.n:,}"),
        *_detection(metrics),
        *_spread(metrics, groups),
        *_robustness(metrics),
    ]
    return _table(("figure", "value", "95 % interval", "of"), rows)


def _detection(metrics: Metrics) -> list[_Row]:
    found = metrics.detection
    if found is None:
        return []
    n = f"{found.n_positive:,} + {found.n_negative:,}"
    positive = f"{found.n_positive:,}"
    return [
        (f"area under the ROC curve, {found.positive}", _cut(found.auc, 4), "", n),
        *(
            (
                f"sensitivity at {100 * point.specificity:.0f} % specificity",
                share(point.sensitivity),
                "",
                positive,
            )
            for point in found.points
        ),
    ]


def _spread(metrics: Metrics, groups: str) -> list[_Row]:
    spread = metrics.spread
    if spread is None:
        return []
    n = f"{len(spread.groups):,} {groups}"
    lowest, highest = share(spread.groups[0].accuracy), share(spread.groups[-1].accuracy)
    accuracy, bounds = share(metrics.test.accuracy), interval(spread.interval_95)
    return [
        (f"accuracy, whole {groups} drawn", accuracy, bounds, n),
        (f"accuracy on the worst and the best of the {groups}", f"{lowest}, {highest}", "", n),
    ]


def _robustness(metrics: Metrics) -> list[_Row]:
    other = metrics.robustness
    if other is None:
        return []
    kinds = [(f"changed: {kind.kind}", kind) for kind in other.kinds]
    return [
        ("changed digits, mean", share(other.stress), "", f"{len(kinds)} kinds"),
        *(
            (name, share(kind.accuracy), interval(kind.interval_95), f"{kind.n:,}")
            for name, kind in (*kinds, (other.foreign.kind, other.foreign))
        ),
    ]


def _converted(converted: Iterable[ConvertedFigures]) -> str:
    rows = (
        (
            one.variant,
            one.runtime,
            f"{one.bytes:,}",
            share(one.accuracy),
            interval(one.interval_95),
            f"{one.change_points:+.2f}",
            f"{one.n:,}",
        )
        for one in converted
    )
    head = ("variant", "runtime", "bytes", "accuracy", "95 % interval", "change, points", "of")
    return (
        "What `edgeproof verify` measured on this entry, converted: the whole test set again, "
        "change against Keras.\n\n" + _table(head, rows)
    )


def _beginning(config: RunConfig, facts: Facts) -> str | None:
    """The run whose weights the training began with."""
    if config.start is None:
        return None
    digest = f"weights of SHA-256 {config.start.model_sha256[:16]}..."
    return f"{digest}, of {facts.first_run}" if facts.first_run else digest


def _training(config: RunConfig, metrics: Metrics, facts: Facts) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in metrics.machine.items())
    versions = ", ".join(f"{name} {value}" for name, value in metrics.versions.items())
    best = metrics.validation
    rows = [
        ("command", f"`{config.command}`"),
        *([("began with", began)] if (began := _beginning(config, facts)) else []),
        ("wall time", f"{_duration(metrics.training_s)} of training; epochs: {metrics.epochs:,}"),
        ("with data and evaluation", _duration(metrics.wall_s)),
        ("machine", machine),
        ("versions", versions),
        ("weights of", f"epoch {best.best_epoch}, validation {share(best.accuracy)} of {best.n:,}"),
    ]
    return _table(("what", "how"), rows)


def share(value: float) -> str:
    """A share in percent, cut after two decimals: never better than what was measured."""
    return f"{_cut(100 * value, 2)} %"


def interval(bounds: Sequence[float]) -> str:
    """An interval in percent, rounded."""
    low, high = bounds
    return f"{100 * low:.2f} to {100 * high:.2f} %"


def _cut(value: float, decimals: int) -> str:
    # 0.9948 is stored as a little less: that is no reason to show 99.47
    scaled = math.floor(value * 10**decimals + 1e-6)
    return f"{scaled / 10**decimals:.{decimals}f}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = [head, *rows]
    widths = [max(len(row[column]) for row in body) for column in range(len(head))]
    lines = [_line(row, widths) for row in body]
    return "\n".join([lines[0], _line(["-" * width for width in widths], widths), *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    # in columns: browsers show it as it stands
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"
