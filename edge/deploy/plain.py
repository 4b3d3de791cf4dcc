"""Words of another machine or process, as a terminal may show them."""


def plain_text(words: str | bytes, *, limit: int = 2000) -> str:
    """The last `limit` characters, with control characters (escape sequences) replaced by `?`."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    shown = (
        c if c.isprintable() or c == "\n" else "?" for c in text[-limit:].replace("\r\n", "\n")
    )
    return "".join(shown).strip()
