"""`--junit FILE`: the report as CI systems read it, one test case for each variant on each runtime.

The format has no standard; this is what Jenkins, GitLab and GitHub's actions share: `testsuites`,
`testsuite`, `testcase` with `failure`, `error` or `skipped` (Jenkins' junit-10.xsd).
"""

import re
from dataclasses import asdict
from xml.etree import ElementTree

from edgeproof.convert.verify.report import Report, Row
from edgeproof.convert.verify.table import figures

# XML 1.0 has no way to write them, not even escaped; a crashed runtime's last words may hold them
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_of_report(report: Report) -> str:
    """An XML document: each row with its figures as properties, a failed one with its gates'
    sentences, and what could not run here skipped with the reason. Runtimes that nobody asked for
    are not mentioned.
    """
    name = report.bundle.name
    suite = _suite(name, report.wall_s)
    # the schema's dateTime has no zone; it is UTC
    suite.set("timestamp", _xml(report.created.partition("+")[0]))
    facts = {k: v for k, v in asdict(report.environment).items() if v is not None}
    facts["manifest_sha256"] = report.bundle.manifest_sha256
    facts |= {f"runtime {r.name}": r.version for r in report.runtimes if r.version is not None}
    _properties(suite, facts)
    for row in report.rows:
        case = _case(suite, name, row.variant, row.runtime)
        _properties(case, figures(row))
        if not row.passed:
            sentences = failures_of(report, row)
            kinds = ", ".join(dict.fromkeys(c.gate for c in row.checks if not c))
            _said(case, "failure", sentences[0], "\n".join(sentences), kind=kinds or "no checks")
    for runtime in report.runtimes:
        for left in runtime.not_run:
            _said(_case(suite, name, left.variant, runtime.name), "skipped", left.reason)
    return _document(suite)


def junit_of_error(name: str, message: str) -> str:
    """An XML document with one erroneous test case: verification itself could not be done."""
    suite = _suite(name, 0.0)
    _said(_case(suite, name, "bundle", "verify"), "error", message, message, kind="EdgeproofError")
    return _document(suite)


def failures_of(report: Report, row: Row) -> list[str]:
    """A sentence for each gate that a failed row broke; at least one."""
    sentences = [
        broken.sentence
        for broken in report.broken
        if (broken.variant, broken.runtime) == (row.variant, row.runtime)
    ]
    return sentences or [f"{row.variant} on {row.runtime}: expected at least one check, got none"]


def _suite(name: str, wall_s: float) -> ElementTree.Element:
    return ElementTree.Element("testsuite", name=_xml(f"edgeproof {name}"), time=f"{wall_s:.1f}")


def _case(
    suite: ElementTree.Element, bundle: str, variant: str, runtime: str
) -> ElementTree.Element:
    # a dot in a class name is a level of the tree that CI systems show
    place = f"edgeproof.{bundle.replace('.', '_')}.{variant}"
    return ElementTree.SubElement(suite, "testcase", classname=_xml(place), name=_xml(runtime))


def _properties(element: ElementTree.Element, values: dict[str, str]) -> None:
    properties = ElementTree.SubElement(element, "properties")
    for key, value in values.items():
        ElementTree.SubElement(properties, "property", name=_xml(key), value=_xml(value))


def _said(
    case: ElementTree.Element, tag: str, message: str, text: str = "", *, kind: str = ""
) -> None:
    said = ElementTree.SubElement(case, tag, message=_xml(message))
    if kind:
        said.set("type", _xml(kind))
    if text:
        said.text = _xml(text)


def _document(suite: ElementTree.Element) -> str:
    counts = {"tests": len(suite.findall("testcase"))}
    for tag, plural in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        counts[plural] = len(suite.findall(f"testcase/{tag}"))
    root = ElementTree.Element("testsuites", time=suite.get("time", "0"))
    root.append(suite)
    for key, count in counts.items():
        suite.set(key, str(count))
        root.set(key, str(count))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
