"""Words of files, processes and machines that nobody vouches for, as a terminal may show them."""


def plain_text(text: str) -> str:
    """Lines without control characters: each is written as its escape, `\\x1b` for one."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii")
        for c in text
    )


def one_line(text: str) -> str:
    """The same in a single line."""
    return plain_text(text).replace("\n", "\\n")


def last_words(talk: bytes) -> str:
    """The last line that a process wrote."""
    lines = talk[-2000:].decode("utf-8", "replace").strip().splitlines()
    return plain_text(lines[-1]) if lines else "no word"
