"""What CI systems read: every row, every reason, well-formed whatever a runtime said last."""

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgeproof.convert.verify.check import Check, check
from edgeproof.convert.verify.cost import Cost
from edgeproof.convert.verify.gates import GATES, gate_for
from edgeproof.convert.verify.junit import failures_of, junit_of_error, junit_of_report
from edgeproof.convert.verify.report import (
    BundleFacts,
    Environment,
    NotRun,
    Report,
    Row,
    RuntimeState,
    broken_gates,
)
from edgeproof.edge.errors import OutputError

Cli = Callable[..., subprocess.CompletedProcess[str]]
NOISE = gate_for(GATES, "noise", "int8")
GOOD, BAD = check(NOISE, "golden inputs", 0.1, 5), check(NOISE, "golden inputs", 0.4, 5)


def row(runtime: str, *checks: Check) -> Row:
    passed = bool(checks) and all(checks)
    return Row(
        "tflite-int8", runtime, "1", None, True, passed, None, Cost(), 1, None, None, None, checks
    )


def report(*rows: Row) -> Report:
    return Report(
        schema_version=1,
        passed=all(row.passed for row in rows),
        bundle=BundleFacts("digits 1.5", "digits", "model.keras", "ab", ("a", "b")),
        created="2026-11-22T10:00:00+00:00",
        environment=Environment("0.1.0", "3.11.7", "Linux", "2"),
        runtimes=(
            RuntimeState("litert", "2.3.0", "ran", None),
            RuntimeState(
                "tfjs-wasm",
                None,
                "unavailable",
                "no Chromium found",
                (NotRun("tfjs-float32", "no Chromium found"), NotRun("tfjs-uint8", "no Chromium")),
            ),
            RuntimeState("tfjs-cpu", None, "not asked for", "not asked for"),
        ),
        references=(),
        data=None,
        rows=rows,
        broken=broken_gates(rows),
        gates=GATES,
        wall_s=3.2,
    )


def cases(document: str) -> dict[tuple[str | None, str | None], ElementTree.Element]:
    root = ElementTree.fromstring(document)
    (suite,) = root.findall("testsuite")
    found = {(c.get("classname"), c.get("name")): c for c in suite.findall("testcase")}
    counts = {
        "tests": len(found),
        "failures": sum(c.find("failure") is not None for c in found.values()),
        "errors": sum(c.find("error") is not None for c in found.values()),
        "skipped": sum(c.find("skipped") is not None for c in found.values()),
    }
    for element in (root, suite):
        assert {name: int(element.get(name, -1)) for name in counts} == counts
    return found


def test_every_row_is_a_case_and_every_reason_is_said() -> None:
    found = cases(junit_of_report(report(row("litert", GOOD, BAD), row("litert-reference", GOOD))))
    place = "edgeproof.digits 1_5."
    assert set(found) == {
        (f"{place}tflite-int8", "litert"),
        (f"{place}tflite-int8", "litert-reference"),
        (f"{place}tfjs-float32", "tfjs-wasm"),
        (f"{place}tfjs-uint8", "tfjs-wasm"),
    }
    failure = found[f"{place}tflite-int8", "litert"].find("failure")
    assert failure is not None
    assert failure.get("type") == "noise"
    assert "gate noise broke (golden inputs): expected at most 0.15" in (failure.text or "")
    assert "would pass with --gate noise:int8=0.4" in (failure.text or "")
    assert found[f"{place}tflite-int8", "litert-reference"].find("failure") is None
    skipped = found[f"{place}tfjs-float32", "tfjs-wasm"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "no Chromium found"


def test_a_row_without_a_check_is_a_failure() -> None:
    empty = row("litert")
    found = report(empty)
    assert not found.broken
    assert failures_of(found, empty) == [
        "tflite-int8 on litert: expected at least one check, got none"
    ]
    assert sum(c.find("failure") is not None for c in cases(junit_of_report(found)).values()) == 1


def test_last_words_that_xml_cannot_hold() -> None:
    words = "\x1b[31mcrashed\x00 <&> \ud800 ]]>"
    crashed = check(gate_for(GATES, "runs"), "answers", 1, 0, words)
    name = dataclasses.replace(report().bundle, name='<img src="x">\x07')
    document = junit_of_report(dataclasses.replace(report(row("litert", crashed)), bundle=name))
    assert document.encode("utf-8")
    (failed,) = [c for c in cases(document).values() if c.find("failure") is not None]
    failure = failed.find("failure")
    assert failure is not None
    assert "\ufffd[31mcrashed\ufffd <&> \ufffd ]]>" in (failure.text or "")


def test_verification_that_could_not_be_done_is_an_error() -> None:
    (case,) = cases(junit_of_error("digits", "model.tflite was altered")).values()
    error = case.find("error")
    assert error is not None
    assert error.get("message") == "model.tflite was altered"


def test_the_file_is_written_when_gates_hold_break_or_cannot_be_judged(
    bundle_copy: Path, cli: Cli, tmp_path: Path
) -> None:
    junit = tmp_path / "verify.xml"
    asked = ("verify", bundle_copy, "--runtimes", "litert", "--limit", "10", "--junit", junit)
    assert cli(*asked).returncode == 0
    held = cases(junit.read_text(encoding="utf-8"))
    assert len(held) == 10  # the source's, 5 variants, 4 of which have a reference
    case = held["edgeproof.digits.tflite-int8", "litert"]
    figures = {p.get("name"): p.get("value") or "" for p in case.iter("property")}
    assert figures["worst error"].endswith(" steps")
    assert figures["accuracy"].endswith("n=10")
    assert set(figures) >= {"faithful?", "top-1", "change", "size", "p50 ms"}
    assert not [c for c in held.values() if c.find("failure") is not None]
    assert cli(*asked, "--gate", "relative:float32=1e-12").returncode == 1
    broken = cases(junit.read_text(encoding="utf-8"))
    assert set(broken) == set(held)
    failed = [place for place, c in broken.items() if c.find("failure") is not None]
    assert failed == [("edgeproof.digits.tflite-float32", "litert")]
    (bundle_copy / "variants" / "tflite-int8" / "model.tflite").write_bytes(b"")
    assert cli(*asked).returncode == 1
    (case,) = cases(junit.read_text(encoding="utf-8")).values()
    assert case.find("error") is not None


def test_a_folder_for_the_file_that_is_not_there(bundle_copy: Path, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from edgeproof.convert.verify.cli import verify

    junit = tmp_path / "none" / "verify.xml"
    result = CliRunner().invoke(verify, [str(bundle_copy), "--junit", str(junit)])
    with pytest.raises(OutputError, match=r"expected a folder for verify\.xml"):
        raise result.exception or AssertionError(result.output)
