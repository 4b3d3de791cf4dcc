"""The whole page, from its verdict to its footer."""

from pathlib import Path

from edgeproof.convert.verify.html.cards import variant_cards
from edgeproof.convert.verify.html.checks import checks, gates, runtimes
from edgeproof.convert.verify.html.elements import long_text, plain, section, shown
from edgeproof.convert.verify.html.examples import example_words, examples
from edgeproof.convert.verify.html.layers import layer_curves, layer_words
from edgeproof.convert.verify.html.matrix import matrix
from edgeproof.convert.verify.html.statistics import statistics
from edgeproof.convert.verify.html.verdict import facts, key_figures, verdict
from edgeproof.convert.verify.report import Report

_STYLE = Path(__file__).with_name("report.css")


def html_report(report: Report) -> str:
    """The page. Every text of the bundle is escaped: labels and names are hostile input."""
    sections = (
        ("faithfulness", "Faithfulness", _FAITHFULNESS, matrix(report)),
        ("variants", "Variants", _cost_words(report), variant_cards(report)),
        ("examples", "Answers that moved most", example_words(report), examples(report)),
        ("layers", "Layer by layer", layer_words(report), layer_curves(report)),
        ("figures", "Every figure", _FIGURES, statistics(report)),
        ("checks", "Every check", _CHECKS, checks(report)),
        ("limits", "Limits, and why", "", gates(report)),
        ("runtimes", "Runtimes", _references(report), runtimes(report)),
    )
    links = "".join(f'<li><a href="#{place}">{title}</a></li>' for place, title, *_ in sections)
    environment = report.environment
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{plain(report.bundle.name)}: parity report</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<header>
<p class="eyebrow">Edgeproof parity report, {report.created[:10]}</p>
<h1>{shown(report.bundle.name)}</h1>
{verdict(report)}
{key_figures(report)}
{facts(report)}
</header>
<nav aria-label="Sections"><ul>{links}</ul></nav>
<main>
{"".join(section(*part) for part in sections)}</main>
<footer>
<p>Measured {shown(report.created)} in {report.wall_s:.0f} s with edgeproof
{shown(environment.edgeproof)}, Python {shown(environment.python)} on
{shown(environment.platform)}, {shown(environment.cpus)} CPUs{_workers(report)}. Manifest SHA-256
<code>{shown(report.bundle.manifest_sha256)}</code>. The same as data: report.json.</p>
</footer>
</body>
</html>
"""


_FAITHFULNESS = (
    "Does each runtime compute what the file says? The figure is the largest error over all golden "
    "inputs, run twice, and the golden picture files, from decoding to scores; <i>rel</i> is "
    "relative to the largest output, <i>steps</i> are those of a quantised output. A cell leads to "
    "its checks. The last column is what conversion itself cost: the gate that used most of its "
    "limit."
)
_FIGURES = "Of each variant on each runtime: how errors are spread, and what became of the answers."
_CHECKS = (
    "The last column is the smallest tolerance that would have passed, as <code>--gate</code> "
    "takes it."
)


def _workers(report: Report) -> str:
    workers = report.environment.workers
    return "" if workers is None else f", labelled images with {shown(workers)}"


def _references(report: Report) -> str:
    return " ".join(long_text(sentence) for sentence in report.references)


def _cost_words(report: Report) -> str:
    times = "Times are the median and the 95th percentile of single inputs."
    if report.data is None:
        return (
            "What conversion did to the answers, on the golden inputs: there are no labelled "
            f"images. {times}"
        )
    return (
        "What conversion did to the answers, on labelled images that training never saw, with the "
        "95 % intervals of accuracy before (Keras, or what stands in for it) and after. Arrows go "
        f"from before to after. {times}"
    )
