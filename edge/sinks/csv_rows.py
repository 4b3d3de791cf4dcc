"""A result as rows of CSV (RFC 4180)."""

import csv
import io

from edgeproof.edge.sinks.result import Result

COLUMNS = ("time", "file", "rank", "label", "probability", "error")
HEADER = ",".join(COLUMNS) + "\r\n"


def csv_rows(result: Result) -> str:
    """A row for each label, or one for an error or a picture whose labels are all too improbable.

    A row for each label keeps the columns the same whatever `--top-k` is, so that a file that is
    appended to stays one table.
    """
    start = (result.time or "", _inert(result.file))
    rows: list[tuple[object, ...]] = [
        (*start, rank, _inert(score.label), score.probability, "")
        for rank, score in enumerate(result.scores, start=1)
    ]
    rows = rows or [(*start, "", "", "", _inert(result.error or ""))]
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula: those begin with one of these characters."""
    return "'" + text if text[:1] in tuple("=+-@\t\r\n") else text
