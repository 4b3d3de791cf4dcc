"""What every part of the page is made of. Labels and names are hostile input: escaped and set apart
from the text around them, whatever direction they are written in."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

NONE = "–"  # noqa: RUF001  an en dash where there is no figure
_LONGEST = 120  # characters of a name: what is longer fills the page and tells no more


def shown(text: str) -> str:
    """Foreign text as HTML, isolated from the direction of its surroundings."""
    return f"<bdi>{escape(_cut(text))}</bdi>"


def plain(text: str) -> str:
    """Foreign text for an attribute or a title, where no element can isolate it."""
    # Cc and Cf: control characters, and those that turn the direction of what follows
    kept = (c if unicodedata.category(c) not in ("Cc", "Cf") else " " for c in _cut(text))
    return escape("".join(kept))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def long_text(text: str) -> str:
    """A sentence that quotes foreign text, whole."""
    return f"<bdi>{escape(text)}</bdi>"


def section(place: str, title: str, words: str, content: str) -> str:
    """A part of the page under its heading; `words` are HTML."""
    said = f"<p>{words}</p>\n" if words else ""
    return (
        f'<section aria-labelledby="{place}"><h2 id="{place}">{title}</h2>\n'
        f"{said}{content}</section>\n"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], words: Sequence[str] = ()) -> str:
    """A table whose first column names the rows; all texts are HTML.

    `words`: the columns that hold sentences, which may wrap.
    """
    kinds = [' class="words"' if name in words else "" for name in head[1:]]
    columns = "".join(f'<th scope="col">{name}</th>' for name in head)
    lines = "".join(
        f'<tr><th scope="row">{first}</th>'
        + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds, cells, strict=True))
        + "</tr>"
        for first, *cells in rows
    )
    return f"<table><thead><tr>{columns}</tr></thead><tbody>{lines}</tbody></table>"


def scrolled(label: str, content: str) -> str:
    """A table that scrolls in itself on a narrow screen, reachable by keyboard.

    `label` is plain text; a group and not a landmark, for there are many.
    """
    return f'<div class="scroll" role="group" aria-label="{label}" tabindex="0">{content}</div>'


def folded(summary: str, content: str, *, opened: bool = False) -> str:
    """A section that opens on demand, and in print."""
    return f"<details{' open' if opened else ''}><summary>{summary}</summary>{content}</details>\n"


def mark(good: bool) -> str:
    """A sign and a word: colour alone says nothing."""
    kind, sign, word = ("good", "✓", "passed") if good else ("bad", "✗", "broken")
    return f'<span class="mark {kind}" role="img" aria-label="{word}">{sign}</span>'


def place_of(variant: str, runtime: str) -> str:
    """Where on the page the checks of a row stand: `tflite-int8-on-litert`."""
    return re.sub("[^a-z0-9-]+", "-", f"{variant}-on-{runtime}".lower())


def card_of(variant: str) -> str:
    """Where on the page the variant's card stands."""
    return "variant-" + re.sub("[^a-z0-9-]+", "-", variant.lower())


def percent(share: float) -> str:
    """A share in percent, two digits where they say something."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{100 * share:.1f} %" if 0 < share < 0.0995 else f"{100 * share:.0f} %"


def points(change: float) -> str:
    """A change in percentage points, with its sign; none has none."""
    return "0.00 points" if abs(change) < 0.005 else f"{change:+.2f} points".replace("-", "−")  # noqa: RUF001  a minus


def figure(value: float) -> str:
    """Two digits: `7.7e-7`, `0.0092`, `31`."""
    return re.sub(r"e([+-])0*(\d+)$", lambda m: f"e{m[1].strip('+')}{m[2]}", f"{value:.2g}")
