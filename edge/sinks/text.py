"""A result as a line for people."""

from edgeproof.edge.sinks.result import Result


def text_line(result: Result) -> str:
    """`seven.png: 7 99.8%`, or nothing for an error, which is told on stderr."""
    if result.error is not None:
        return ""
    shown = "  ".join(f"{s.label} {s.probability:.1%}" for s in result.scores) or "no label"
    when = "" if result.time is None else f"{result.time} "
    return printable(f"{when}{result.file}: {shown}") + "\n"


def printable(text: str) -> str:
    """One line that a terminal only shows: names and labels may hold escape sequences, newlines,
    and bytes that are no text.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
