"""The images whose answers conversion moved most, as pictures with both predictions."""

import base64
from collections.abc import Iterator, Sequence

from edgeproof.convert.verify.examples import Example, Prediction, VariantExamples
from edgeproof.convert.verify.html.elements import percent, plain, shown
from edgeproof.convert.verify.pictures import LARGEST_SIDE
from edgeproof.convert.verify.report import Report

# of all pictures, as they stand in the page; 112 pixels of a photograph are 35 KB there
MOST_BYTES = 1_000_000


def examples(report: Report) -> str:
    """A row of pictures for each variant; words where there is nothing to show."""
    if not report.examples:
        return f"<p>There are none: {_why_none(report)}.</p>"
    pictures = dict(_affordable(report.examples))
    left_out = sum(
        example.picture is not None and id(example) not in pictures
        for found in report.examples
        for example in found.examples
    )
    parts = "".join(_variant(found, report, pictures) for found in report.examples)
    if left_out:
        parts += (
            f'<p class="quiet">{left_out} of the pictures are left out: the page holds at most '
            f"{MOST_BYTES / 1e6:g} MB of them.</p>"
        )
    return parts


def example_words(report: Report) -> str:
    """What the section shows, and what it does not."""
    if not report.examples:
        return ""
    shown_variants = {found.variant for found in report.examples}
    others = [
        name
        for name in dict.fromkeys(row.variant for row in report.rows)
        if name not in shown_variants and name != "source"
    ]
    words = (
        "The images whose answers conversion moved most, at most six for each variant, on the "
        "runtime where one moved farthest: each with its number in the data, the largest change of "
        "a label's probability, and the most probable label. Those of more than "
        f"{LARGEST_SIDE} pixels are made "
        "smaller."
    )
    if others:
        names = ", ".join(shown(name) for name in others)
        words += f" No probability moved by a percentage point in {names}."
    return words


def _why_none(report: Report) -> str:
    if not report.bundle.labels:
        return "the model has no labels, so there are no predictions to show"
    return "no probability moved by a percentage point on any runtime"


def _affordable(every: Sequence[VariantExamples]) -> Iterator[tuple[int, str]]:
    """Pictures as data URIs by example, the worst of each variant first, within `MOST_BYTES`."""
    ranked = [(rank, example) for found in every for rank, example in enumerate(found.examples)]
    ranked.sort(key=lambda pair: pair[0])
    spent = 0
    for _, example in ranked:
        if example.picture is None:
            continue
        uri = "data:image/png;base64," + base64.b64encode(example.picture).decode("ascii")
        if spent + len(uri) <= MOST_BYTES:
            spent += len(uri)
            yield id(example), uri


def _variant(found: VariantExamples, report: Report, pictures: dict[int, str]) -> str:
    changed = (
        f"{found.changed:,} of {found.compared:,} {found.images} got another label than "
        f"{shown(found.reference)} gave"
    )
    items = "".join(_figure(e, found, report, pictures.get(id(e))) for e in found.examples)
    return (
        f'<h3>{shown(found.variant)} <span class="quiet">on {shown(found.runtime)}: '
        f'{changed}</span></h3><ul class="examples">{items}</ul>'
    )


def _figure(example: Example, found: VariantExamples, report: Report, picture: str | None) -> str:
    labels = report.bundle.labels
    truth = "" if example.label is None else f", {plain(labels[example.label])}"
    name = f"{found.images[:-1]} {example.index}"
    image = (
        f'<img src="{picture}" {_sizes(example.picture)} alt="{name}{truth}">'
        if picture is not None and example.picture is not None
        else "<span>no picture</span>"
    )
    kind, verdict = _verdict(example)
    known = ""
    if example.label is not None:
        known = f"<dt>truth</dt><dd>{shown(labels[example.label])}</dd>"
    return (
        f'<li><figure><div class="picture">{image}</div><figcaption>'
        f'<span class="chip {kind}">{verdict}</span><p class="quiet">No. {example.index:,}, '
        f"{100 * example.moved:.0f} points</p><dl>{known}<dt>before"
        f"</dt><dd>{_predicted(example.before, labels)}</dd><dt>after</dt>"
        f"<dd>{_predicted(example.after, labels)}</dd></dl></figcaption></figure></li>"
    )


def _sizes(picture: bytes) -> str:
    """Width and height in whole multiples, so that every pixel is as large as the next."""
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    factor = max(1, LARGEST_SIDE // max(width, height))
    return f'width="{width * factor}" height="{height * factor}"'


def _predicted(prediction: Prediction, labels: Sequence[str]) -> str:
    return f"{shown(labels[prediction.label])} <b>{percent(prediction.probability)}</b>"


def _verdict(example: Example) -> tuple[str, str]:
    was, now, truth = example.before.label, example.after.label, example.label
    if was == now:
        return "same", "same label"
    if truth is None:
        return "turned", "other label"
    if now == truth:
        return "righted", "✓ turned right"
    return ("wronged", "✗ turned wrong") if was == truth else ("turned", "other wrong label")
