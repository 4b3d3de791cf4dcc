"""The doctor's answer, to be read."""

import shutil
import textwrap

from edgeproof.edge.doctor.examination import Examination
from edgeproof.edge.doctor.finding import Finding

_MARKS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


def text(found: Examination, width: int | None = None) -> str:
    """A line for each finding, what to do below it, and the verdict last."""
    width = width or shutil.get_terminal_size((100, 24)).columns
    names = max(len(finding.name) for finding in found.findings)
    lines = [line for finding in found.findings for line in _lines(finding, names, width)]
    return "\n".join([*lines, "", _verdict(found)])


def _lines(finding: Finding, names: int, width: int) -> list[str]:
    start = f"{_MARKS[finding.state]:<8} {finding.name:<{names}}  "
    indent = " " * len(start)
    wrapped = textwrap.TextWrapper(
        max(width, len(start) + 30), break_on_hyphens=False, break_long_words=False
    )
    wrapped.initial_indent, wrapped.subsequent_indent = start, indent
    lines = wrapped.wrap(finding.says)
    if finding.do is not None:
        wrapped.initial_indent, wrapped.subsequent_indent = f"{indent}do: ", f"{indent}    "
        lines += wrapped.wrap(finding.do)
    return lines


def _verdict(found: Examination) -> str:
    problems = sum(finding.state == "problem" for finding in found.findings)
    warnings = sum(finding.state == "warning" for finding in found.findings)
    counted = [
        f"{n} {word}{'s' * (n > 1)}"
        for n, word in ((problems, "problem"), (warnings, "warning"))
        if n
    ]
    verdict = "Fit to classify" if found.passed else "Not fit to classify"
    return f"{verdict}: {', '.join(counted)}." if counted else f"{verdict}."
