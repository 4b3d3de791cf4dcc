"""`edgeproof doctor`, with and without a bundle."""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgeproof.edge.doctor.bundle import bundle_findings
from edgeproof.edge.doctor.examination import Examination, examine
from edgeproof.edge.doctor.finding import Finding
from edgeproof.edge.doctor.text import text
from edgeproof.edge.own_process import Answer
from tests.edge.fake_boards import BOARDS

Cli = Callable[..., subprocess.CompletedProcess[str]]


def test_a_good_bundle_on_this_machine(cli: Cli, digits_bundle: Path) -> None:
    done = cli("doctor", digits_bundle, "--json")
    assert done.returncode == 0, done.stdout
    document = json.loads(done.stdout)
    assert set(document) == {"passed", "findings", "board", "board_id"}
    assert document["passed"] is True
    golden = [f["says"] for f in document["findings"] if f["name"] == "golden"]
    assert len(golden) == 5
    assert all("8 inputs and 8 pictures give the golden answers" in says for says in golden)


def test_an_altered_bundle_stops_classification(cli: Cli, bundle_copy: Path) -> None:
    (bundle_copy / "variants/tflite-int8/model.tflite").write_bytes(b"TFL3")
    done = cli("doctor", bundle_copy)
    assert done.returncode == 1
    assert "PROBLEM  bundle" in done.stdout
    assert "was altered: expected" in " ".join(done.stdout.split())
    assert done.stdout.count("copy the bundle again") == 1
    assert done.stdout.splitlines()[-1].startswith("Not fit to classify: 1 problem")


def test_no_such_bundle(cli: Cli, tmp_path: Path) -> None:
    done = cli("doctor", tmp_path / "nowhere")
    assert done.returncode == 1
    assert "expected a bundle folder" in " ".join(done.stdout.split())


def answering(**checks: dict[str, object]) -> Callable[[Sequence[str]], Answer]:
    """Opened with int8 by default; each variant's golden check passes unless it is given."""
    passed = {
        "passed": True, "runtime": "litert", "version": "2.3", "inputs": 8, "files": 8,
        "worst": 1.0, "limit": 6.0, "unit": "steps", "failure": None,
    }  # fmt: skip

    def asking(arguments: Sequence[str]) -> Answer:
        if len(arguments) == 3:
            return Answer(checks.get("opened", {"variant": "tflite-int8"}))
        return Answer({**passed, **checks.get(arguments[3].replace("-", "_"), {})})

    return asking


WRONG: dict[str, object] = {"passed": False, "failure": "expected 6 steps, got 90"}


@pytest.mark.parametrize(
    ("wrong", "state"), [("tflite_int8", "problem"), ("tflite_float32", "warning")]
)
def test_one_variant_gives_wrong_answers(digits_bundle: Path, wrong: str, state: str) -> None:
    found = bundle_findings(digits_bundle, answering(**{wrong: WRONG}))
    (bad,) = [finding for finding in found if finding.state != "ok"]
    says = f"{wrong.replace('_', '-')}: expected 6 steps, got 90"
    do = "classify with --variant auto"
    assert bad == Finding("golden", state, says, do)  # type: ignore[arg-type]


def test_no_variant_gives_right_answers(digits_bundle: Path) -> None:
    names = ("float32", "float16", "dynamic_int8", "int8", "int16x8")
    found = bundle_findings(digits_bundle, answering(**{f"tflite_{n}": WRONG for n in names}))
    assert [finding.state for finding in found] == ["ok"] + ["problem"] * 5


def test_a_runtime_that_crashes_on_a_model(digits_bundle: Path) -> None:
    def asking(arguments: Sequence[str]) -> Answer:
        if arguments[-1] == "tflite-float16":
            return Answer({}, "ended by SIGSEGV, a crash")
        return answering()(arguments)

    (bad,) = [f for f in bundle_findings(digits_bundle, asking) if f.state != "ok"]
    assert (bad.state, bad.says) == ("warning", "tflite-float16: ended by SIGSEGV, a crash")


def test_a_bundle_that_classify_would_not_open(digits_bundle: Path) -> None:
    opened: dict[str, object] = {"failure": "expected an image classifier"}
    (finding,) = bundle_findings(digits_bundle, answering(opened=opened))
    assert (finding.state, finding.says) == ("problem", "expected an image classifier")


def test_what_is_printed_for_a_pi_5(tmp_path: Path) -> None:
    found = examine(
        root=tmp_path,
        process=BOARDS["pi_5"](tmp_path),
        asking=lambda a: (
            Answer({"version": "2.3.0", "jpg": "", "zlib": "", "webp": ""})
            if "tflite_runtime" not in " ".join(a)
            else Answer({}, "not installed", missing=True)
        ),
        cameras=lambda: [Finding("cameras", "ok", "none found")],
    )
    lines = text(found, width=100).splitlines()
    assert lines[0] == "ok       board        Raspberry Pi 5 Model B Rev 1.0, Cortex-A76"
    assert max(map(len, lines)) <= 100
    power = lines.index(next(line for line in lines if " power " in line))
    assert lines[power].startswith("warning  power        now: under-voltage, throttled; since")
    assert lines[power + 2].strip().startswith("do: use the power supply made for this board")
    assert lines[-1] == "Fit to classify: 1 warning."


def test_the_verdict_counts(tmp_path: Path) -> None:
    healthy = examine(root=tmp_path, asking=lambda a: Answer({}, "gone", missing=True))
    assert not healthy.passed
    problems = Examination(healthy.board, "", (Finding("runtime", "problem", "none", "install"),))
    assert text(problems).endswith("\n\nNot fit to classify: 1 problem.")
