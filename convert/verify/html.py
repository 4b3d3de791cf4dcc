"""`report.html`: one self-contained file. Placeholder, written next."""

from edgeproof.convert.verify.report import Report


def html_report(report: Report) -> str:
    return "<!doctype html>"
