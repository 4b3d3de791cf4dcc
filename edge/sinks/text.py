"""A result as a line for people."""

from edgeproof.edge.plain_text import one_line
from edgeproof.edge.sinks.result import Result


def text_line(result: Result) -> str:
    """`seven.png: 7 99.8%`, or nothing for an error, which is told on stderr."""
    if result.error is not None:
        return ""
    shown = "  ".join(f"{s.label} {s.probability:.1%}" for s in result.scores) or "no label"
    when = "" if result.time is None else f"{result.time} "
    return one_line(f"{when}{result.file}: {shown}") + "\n"
