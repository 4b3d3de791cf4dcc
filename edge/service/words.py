"""Words as a systemd unit must have them (systemd.syntax(7), systemd.service(5))."""

import re

from edgeproof.edge.errors import UsageError

_PLAIN = re.compile(r"[A-Za-z0-9_./:=,@+-]+")


def argument(word: str) -> str:
    """A word of `ExecStart=` after the first: no specifier, no variable, no second word in it.

    Raises:
        UsageError: it holds a control character, or bytes that are no text.
    """
    return path(word).replace("$", "$$")


def path(word: str) -> str:
    """The first word of `ExecStart=`, or one of settings that list paths: there a `$` is a `$`.

    Quotes keep spaces and colons; of escapes only those of quotes and backslashes are read in both
    kinds of settings, so that control characters have no form.

    Raises:
        UsageError: as `argument`.
    """
    if not word.isprintable():  # false for lone surrogates too: a name that is not UTF-8
        raise UsageError(
            f"expected words of printable characters for a systemd unit, got {word!r}; "
            "rename the file or folder"
        )
    escaped = word.replace("%", "%%")
    if _PLAIN.fullmatch(word):
        return escaped
    escaped = escaped.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
