"""What is written: whole files, no foreign text taken for HTML, nothing loaded from anywhere."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.html import html_report
from edgeproof.convert.verify.plan import planned
from edgeproof.convert.verify.report import Report
from edgeproof.convert.verify.run import verify_bundle
from edgeproof.convert.verify.runtimes.registry import start
from edgeproof.convert.verify.write import write_report
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import OutputError


@pytest.fixture(scope="module")
def report(digits_bundle: Path) -> Report:
    bundle = Bundle.open(digits_bundle)
    return verify_bundle(bundle, plan=planned(bundle, ["litert"]), limit=20, start=start)


def test_a_runtime_that_does_not_start_fails_its_rows_and_the_others_go_on(
    digits_bundle: Path,
) -> None:
    bundle = Bundle.open(digits_bundle)

    def broken_start(name: str, opened: Bundle) -> object:
        if name == "litert":
            raise RuntimeFailed("crashed during 'start' (signal SIGILL); last words: none")
        return start(name, opened)

    plan = planned(bundle, ["litert", "litert-reference"])
    found = verify_bundle(bundle, plan=plan, limit=5, start=broken_start)  # type: ignore[arg-type]
    by_runtime = {r: [row for row in found.rows if row.runtime == r] for r in ("litert",)}
    assert all(row.failure and not row.passed for row in by_runtime["litert"])
    assert len(by_runtime["litert"]) == 5
    states = {state.name: state for state in found.runtimes}
    assert states["litert"].state == "failed"
    assert states["litert-reference"].state == "ran"
    assert "SIGILL" in found.broken[0].got
    assert "SIGILL" in html_report(found)


def test_a_reference_that_gives_no_answers_fails_what_it_should_judge(digits_bundle: Path) -> None:
    bundle = Bundle.open(digits_bundle)

    def broken_start(name: str, opened: Bundle) -> object:
        if name == "litert-reference":
            raise RuntimeFailed("hung")
        return start(name, opened)

    plan = planned(bundle, ["litert"])
    found = verify_bundle(bundle, plan=plan, limit=5, start=broken_start)  # type: ignore[arg-type]
    rows = {row.variant: row for row in found.rows if row.runtime == "litert"}
    assert rows["tflite-float32"].passed
    assert not rows["tflite-int8"].faithful
    problems = [c.problem for c in rows["tflite-int8"].checks if not c]
    assert problems == ["the reference litert-reference gave no answers"]


def test_the_page_is_self_contained(report: Report) -> None:
    page = html_report(report)
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=|url\(|@import|https?://", page)
    assert page.count("<table") == page.count("</table>")
    for row in report.rows:
        assert row.variant in page


def test_labels_and_names_are_never_taken_for_html(report: Report) -> None:
    evil = "<img src=x onerror=alert(1)>"
    facts = dataclasses.replace(report.bundle, name=evil, source=evil, labels=(evil,))
    page = html_report(dataclasses.replace(report, bundle=facts))
    assert evil not in page
    assert "&lt;img" in page


def test_the_document_has_only_json_numbers(report: Report, tmp_path: Path) -> None:
    write_report(report, tmp_path)

    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    text = (tmp_path / "report.json").read_text()
    assert json.loads(text, parse_constant=refuse)["schema_version"] == 1


def test_a_report_replaces_its_predecessor_and_leaves_nothing_else(
    report: Report, tmp_path: Path
) -> None:
    (tmp_path / "report.json").write_text("old")
    write_report(report, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_a_folder_that_is_gone(report: Report, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="expected to write"):
        write_report(report, tmp_path / "gone")
