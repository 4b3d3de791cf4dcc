"""Words as a systemd unit must have them (systemd.syntax(7), systemd.service(5))."""

import re

from edgeproof.edge.errors import UsageError

_PLAIN = re.compile(r"[A-Za-z0-9_./:=,@+-]+")


def executable(word: str) -> str:
    """The first word of `ExecStart=`, in which systemd allows neither quotes nor backslashes.

    Raises:
        UsageError: it holds one, or as `path`.
    """
    if set(word) & set("\"'\\"):
        raise UsageError(
            f"expected a program's path without quotes and backslashes, got {word}; "
            "make the virtual environment elsewhere"
        )
    return path(word)


def argument(word: str) -> str:
    """A further word of `ExecStart=`: no specifier, no variable, no second word in it.

    Raises:
        UsageError: as `path`.
    """
    return path(word).replace("$", "$$")


def path(word: str) -> str:
    """A word of the settings that list paths; a `$` is a `$` there.

    Quotes keep spaces and colons. Of escapes only those of quotes and backslashes are read, so
    that control characters have no form.

    Raises:
        UsageError: it holds a control character, or bytes that are no text.
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
