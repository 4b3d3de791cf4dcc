"""`report.html`: one self-contained file, no script, nothing loaded from anywhere."""

from html import escape
from pathlib import Path

from edgeproof.convert.verify.html_parts import (
    checks,
    gates,
    matrix,
    runtimes,
    scrolled,
    variant_cards,
)
from edgeproof.convert.verify.html_statistics import statistics
from edgeproof.convert.verify.report import Report

_STYLE = Path(__file__).with_name("report.css")


def html_report(report: Report) -> str:
    """The whole page. Every text of the bundle is escaped: labels and names are hostile input."""
    title = f"{escape(report.bundle.name)}: parity report"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<header>
<p class="eyebrow">Edgeproof parity report</p>
<h1>{escape(report.bundle.name)}</h1>
{_verdict(report)}
{_facts(report)}
</header>
<main>
<h2>Faithfulness</h2>
<p>Does each runtime compute what the file says? The largest error over all golden inputs, run
twice, and the golden picture files, from decoding to scores.</p>
{matrix(report)}
<h2>Cost</h2>
<p>{_cost_words(report)}</p>
{variant_cards(report)}
<h2>Every figure</h2>
<p>Of each variant on each runtime: how errors are spread, and what became of the answers.</p>
{statistics(report)}
<h2>Every check</h2>
<p>The last column is the smallest tolerance that would have passed, as <code>--gate</code> takes
it.</p>
{checks(report)}
<h2>Limits, and why</h2>
<details><summary>{len(report.gates)} limits, each with its reason</summary>
{scrolled("Limits", gates(report))}</details>
<h2>Runtimes</h2>
{scrolled("Runtimes", runtimes(report))}
<p class="quiet">{" ".join(escape(sentence) for sentence in report.references)}</p>
</main>
<footer>
<p>Measured {escape(report.created)} in {report.wall_s:.0f} s
with edgeproof {escape(report.environment["edgeproof"])},
Python {escape(report.environment["python"])} on {escape(report.environment["platform"])},
{escape(report.environment["cpus"])} CPUs.
Manifest SHA-256 <code>{escape(report.bundle.manifest_sha256)}</code>.</p>
</footer>
</body>
</html>
"""


def _verdict(report: Report) -> str:
    pairs = sum(row.variant != "source" for row in report.rows)
    if report.passed:
        n_checks = sum(len(row.checks) for row in report.rows)
        return (
            '<div class="verdict good"><strong>All gates hold</strong>'
            f"{n_checks} checks on {pairs} pairs of variant and runtime.</div>"
        )
    items = "".join(f"<li>{escape(broken.sentence)}</li>" for broken in report.broken)
    count = len(report.broken)
    return (
        f'<div class="verdict bad"><strong>{count} gate{"s" * (count != 1)} broke</strong>'
        f"<ul>{items}</ul></div>"
    )


def _facts(report: Report) -> str:
    labels = report.bundle.labels
    shown = ", ".join(labels[:10]) + (f" and {len(labels) - 10} more" if len(labels) > 10 else "")
    data = report.data
    facts = {
        "Made from": report.bundle.source,
        "Labels": shown or "none",
        "Labelled images": (
            "none" if data is None else f"{data.images:,} of {data.total:,}, {data.source}"
        ),
    }
    items = "".join(f"<div><dt>{k}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    return f'<dl class="facts">{items}</dl>'


def _cost_words(report: Report) -> str:
    if report.data is None:
        return "What conversion did to the answers, on the golden inputs: no labelled images."
    return (
        "What conversion did to the answers, on labelled images that training never saw. "
        "Bars show the 95 % interval of accuracy, the thin line "
        "is Keras where the source model was run; arrows go from before conversion to after. "
        "Times are the median and the 95th percentile of single images."
    )
