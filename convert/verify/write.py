"""Writing `report.json` and `report.html` into a bundle: whole files or none.

A label may hold what UTF-8 cannot write, half a surrogate pair. JSON has an escape for it, and HTML
a reference that browsers show as the replacement character.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from edgeproof.convert.verify.html.page import html_report
from edgeproof.convert.verify.report import Report
from edgeproof.convert.verify.report_fields import document_of
from edgeproof.edge.errors import OutputError

JSON_NAME = "report.json"
HTML_NAME = "report.html"


def check_writable(folder: Path, name: str = JSON_NAME) -> None:
    """Raise OutputError, before any work, for a folder that cannot take the report."""
    if not folder.is_dir():
        raise OutputError(f"expected a folder for {name}, got {folder}, which is none; make it")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"expected a writable folder for {name}, got {folder}, "
            "which this user may not write to; choose a place of your own"
        )


def report_document(report: Report) -> dict[str, Any]:
    """The report as JSON values (`report.schema.json`)."""
    document: dict[str, Any] = document_of(report)
    return document


def json_report(report: Report, indent: int | None = 1) -> bytes:
    """`report.json`."""
    # allow_nan=False: NaN is not JSON, and no figure of a report may be one
    text = json.dumps(report_document(report), indent=indent, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode("utf-8", "backslashreplace")


def write_report(report: Report, folder: Path) -> None:
    """Write both files; each replaces its predecessor in one step.

    Raises:
        OutputError: the folder cannot be written; the former report stays.
    """
    document = json_report(report)
    page = html_report(report).encode("utf-8", "xmlcharrefreplace")
    for name, content in ((JSON_NAME, document), (HTML_NAME, page)):
        write_whole(folder / name, content)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that replaces its predecessor in one step, or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.partial-", delete=False
        ) as partial:
            partial.write(content)
        os.chmod(partial.name, 0o644)  # made 0600; a bundle may be served by another user
        os.replace(partial.name, path)
    except OSError as error:
        for leftover in path.parent.glob(f".{path.name}.partial-*"):
            leftover.unlink()
        raise OutputError(f"expected to write {path}, got: {error.strerror}") from error
