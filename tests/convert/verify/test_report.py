"""What is written: whole files, no foreign text taken for HTML, nothing loaded from anywhere."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.html.elements import figure
from edgeproof.convert.verify.html.page import html_report
from edgeproof.convert.verify.plan import planned
from edgeproof.convert.verify.report import Report
from edgeproof.convert.verify.run import verify_bundle
from edgeproof.convert.verify.runtimes.registry import start
from edgeproof.convert.verify.screening import screening
from edgeproof.convert.verify.statistics import CALIBRATION_BINS
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
    assert not re.findall(r"url\(|@import|https?://", page)
    places = re.findall(r"(?:src|href)=.(?!#|data:image/png)", page)
    assert not places
    assert page.count("<table") == page.count("</table>")
    for row in report.rows:
        assert row.variant in page


def test_labels_and_names_are_never_taken_for_html(report: Report) -> None:
    evil = "<img src=x onerror=alert(1)>"
    facts = dataclasses.replace(report.bundle, name=evil, source=evil, labels=(evil,) * 10)
    page = html_report(dataclasses.replace(report, bundle=facts))
    assert evil not in page
    assert "&lt;img" in page


def test_half_a_character_is_written_too(report: Report, tmp_path: Path) -> None:
    """JSON can hold half a surrogate pair, and so can a label; UTF-8 cannot."""
    labels = ("\ud83d", *report.bundle.labels[1:])
    facts = dataclasses.replace(report.bundle, labels=labels)
    write_report(dataclasses.replace(report, bundle=facts), tmp_path)
    assert json.loads((tmp_path / "report.json").read_bytes())["bundle"]["labels"][0] == "\ud83d"
    assert "&#55357;" in (tmp_path / "report.html").read_text(encoding="utf-8")


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


def test_every_figure_of_every_row_stands_in_the_page(report: Report) -> None:
    page = html_report(report)
    row = next(r for r in report.rows if (r.variant, r.runtime) == ("tflite-int8", "litert"))
    assert row.errors is not None
    assert row.cost.errors is not None
    # against its reference a runtime adds less than quantisation does against Keras
    assert row.errors.mean_absolute < row.cost.errors.mean_absolute
    assert row.cost.agreement_top5 == 1.0
    assert row.cost.accuracy_test is not None
    assert row.cost.calibration_error is not None
    assert row.cost.screening is None  # ten labels
    # int8 outputs are counted in their own steps, float ones are not
    assert row.errors.max_steps == row.worst_error.value if row.worst_error else False
    assert row.cost.errors.mean_steps is not None
    exact = next(r for r in report.rows if (r.variant, r.runtime) == ("tflite-float32", "litert"))
    assert exact.errors is not None
    assert exact.errors.max_steps is None
    for text in (
        f"{row.errors.max_absolute:.2g}",
        f"{row.cost.errors.p99_relative:.2g}",
        figure(row.cost.errors.p99_steps or 0),
        f"{row.cost.calibration_error_before:.4f} → {row.cost.calibration_error:.4f}",
        "McNemar's exact two-sided test",
        f"over {CALIBRATION_BINS} bins of equal width",
    ):
        assert text in page
    assert "Screening" not in page


def test_screening_names_its_labels_and_escapes_them(report: Report) -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]], np.float32)
    found = screening(scores, np.array([0, 1, 0]), ("<ill>", "well"), 0)
    rows = tuple(
        dataclasses.replace(
            row, cost=dataclasses.replace(row.cost, screening=found, screening_before=found)
        )
        for row in report.rows
    )
    page = html_report(dataclasses.replace(report, rows=rows))
    assert "Positive is <bdi>&lt;ill&gt;</bdi> (--positive LABEL says otherwise)" in page
    assert "sensitivity (<bdi>&lt;ill&gt;</bdi>)" in page
    assert "<ill>" not in page
    assert "50.00% → 50.00% (9.45% to 90.55%)" in page  # 1 of 2, Wilson
    assert "1.0000 → 1.0000" in page  # both of <ill> score above the one of well


def test_altered_answers_show_in_the_statistics(digits_bundle: Path) -> None:
    """The control: answers that are one class off are lost, and the test and the errors say so."""
    bundle = Bundle.open(digits_bundle)

    class Shifted:
        def __init__(self, session: Any) -> None:
            self._session = session

        def run(self, inputs: Any) -> dict[str, np.ndarray]:
            return {k: np.roll(v, 1, axis=1) for k, v in self._session.run(inputs).items()}

        def __getattr__(self, name: str) -> Any:
            return getattr(self._session, name)

    class ShiftedRunning:
        def __init__(self, running: Any) -> None:
            self._running = running

        def open(self, variant_id: str) -> Shifted:
            return Shifted(self._running.open(variant_id))

        def close(self) -> None:
            self._running.close()

    def shifted_start(name: str, opened: Bundle) -> Any:
        running = start(name, opened)
        # litert stands in for Keras on the held-out images, so the other one is altered
        return ShiftedRunning(running) if name == "litert-reference" else running

    plan = planned(bundle, ["litert", "litert-reference"])
    found = verify_bundle(bundle, plan=plan, limit=60, start=shifted_start)
    costs = {row.runtime: row.cost for row in found.rows if row.variant == "tflite-float32"}
    intact, altered = costs["litert"], costs["litert-reference"]
    assert intact.accuracy_test is not None
    assert altered.accuracy_test is not None
    assert (intact.accuracy_test.lost, intact.accuracy_test.p_value) == (0, 1.0)
    assert altered.accuracy_test.lost > 40
    assert altered.accuracy_test.p_value < 1e-10
    assert (altered.calibration_error or 0) > 0.5 > (intact.calibration_error or 1)
    assert intact.errors is not None
    assert altered.errors is not None
    assert altered.errors.max_absolute > 0.5 > intact.errors.max_absolute
