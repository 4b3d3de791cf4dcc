"""What the doctor makes of what is installed, and native code that ends its process."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgeproof.edge import runtime
from edgeproof.edge.board import Process
from edgeproof.edge.doctor.finding import Finding
from edgeproof.edge.doctor.installation import installation_findings
from edgeproof.edge.errors import RuntimeUnavailable
from edgeproof.edge.own_process import Answer, ask
from edgeproof.edge.runtime_wheels import how_to_get_a_runtime

PI_64 = Process("aarch64", "6.12", "3.11.2", 64, 4)
MISSING = Answer({}, "ModuleNotFoundError: No module named 'x'", missing=True)
NUMPY = Answer({"version": "1.24.2"})
PILLOW = Answer({"version": "9.4.0", "jpg": "yes", "zlib": "yes", "webp": "yes"})


def findings(process: Process = PI_64, **answers: Answer) -> dict[str, list[Finding]]:
    """What is said of each package, where each answers as given; a healthy one otherwise."""
    healthy = {
        "numpy": NUMPY,
        "PIL": PILLOW,
        "ai_edge_litert": Answer({"version": "2.3.0"}),
        "tflite_runtime": MISSING,
    }

    def asking(arguments: Sequence[str]) -> Answer:
        (answer,) = [
            answer for name, answer in {**healthy, **answers}.items() if name in arguments[1]
        ]
        return answer

    found: dict[str, list[Finding]] = {}
    for finding in installation_findings(process, asking):
        found.setdefault(finding.name, []).append(finding)
    return found


def test_a_healthy_installation() -> None:
    found = findings()
    assert [f.state for group in found.values() for f in group] == ["ok"] * 4
    assert found["runtime"] == [Finding("runtime", "ok", "LiteRT 2.3.0")]


@pytest.mark.parametrize(
    ("answers", "name", "state", "says", "do"),
    [
        ({"numpy": MISSING}, "NumPy", "problem", "not installed", "pip install numpy"),
        (
            {"numpy": Answer({}, "ended by SIGILL, built for another processor")},
            "NumPy",
            "problem",
            "SIGILL",
            "pip install --force-reinstall --no-cache-dir numpy",
        ),
        ({"PIL": MISSING}, "Pillow", "problem", "not installed", "pip install Pillow"),
        (
            {"PIL": Answer({"version": "11.0", "webp": "yes"})},
            "Pillow",
            "problem",
            "reads no JPEG and no PNG",
            "python3-pil",
        ),
        (
            {"PIL": Answer({"version": "11.0", "jpg": "yes", "zlib": "yes"})},
            "Pillow",
            "warning",
            "reads no WebP",
            "python3-pil",
        ),
        (
            {"ai_edge_litert": MISSING},
            "runtime",
            "problem",
            "no TFLite runtime installed",
            "pip install 'edgeproof[edge]'",
        ),
        (
            {"ai_edge_litert": Answer({}, "ImportError: libstdc++.so.6")},
            "runtime",
            "problem",
            "LiteRT does not start: ImportError: libstdc++.so.6",
            "pip install --force-reinstall ai-edge-litert",
        ),
        (
            {
                "ai_edge_litert": MISSING,
                "tflite_runtime": Answer({"version": "2.14.0"}),
                "numpy": Answer({"version": "2.1.0"}),
            },
            "runtime",
            "problem",
            "tflite-runtime needs NumPy 1, got 2.1.0",
            "pip install 'numpy<2'",
        ),
    ],
)
def test_what_is_wrong_with_an_installation(
    answers: dict[str, Answer], name: str, state: str, says: str, do: str
) -> None:
    (finding,) = findings(**answers)[name]
    assert finding.state == state
    assert says in finding.says
    assert finding.do is not None
    assert do in finding.do


def test_a_broken_runtime_beside_one_that_starts_is_a_warning() -> None:
    found = findings(tflite_runtime=Answer({}, "ImportError: GLIBC_2.36 not found"))
    assert [(f.state, f.says) for f in found["runtime"]] == [
        ("ok", "LiteRT 2.3.0"),
        ("warning", "tflite-runtime does not start: ImportError: GLIBC_2.36 not found"),
    ]


@pytest.mark.parametrize(
    ("process", "says"),
    [
        (PI_64, "pip install 'edgeproof[edge]'"),
        (Process("armv7l", "6.12", "3.11.2", 32, 4), "pip install 'edgeproof[edge]'"),
        # pip takes this one for a 64-bit system
        (Process("aarch64", "6.12", "3.11.2", 32, 4), "pip install 'edgeproof[tflite-runtime]'"),
        (Process("armv7l", "6.12", "3.13.5", 32, 4), "built for 32-bit Python 3.13; install the"),
        (Process("armv6l", "6.12", "3.11.2", 32, 1), "built for ARMv6 (Raspberry Pi 1, Zero,"),
    ],
    ids=lambda value: value.machine if isinstance(value, Process) else "",
)
def test_which_runtime_to_install_on_which_board(process: Process, says: str) -> None:
    assert says in how_to_get_a_runtime(process)


def test_code_that_ends_its_process() -> None:
    killed = ask(["-c", "import os, signal; os.kill(os.getpid(), signal.SIGILL)"])
    assert killed == Answer({}, "ended by SIGILL, built for another processor")


def test_answers_of_other_processes(tmp_path: Path) -> None:
    assert ask(["-c", "print('talk'); print('{\"version\": \"1\"}')"]) == Answer({"version": "1"})
    missing = ask(["-c", "import no_such_module_anywhere"])
    assert missing.missing
    assert missing.failure == "ModuleNotFoundError: No module named 'no_such_module_anywhere'"
    assert ask(["-c", "raise ImportError('libfoo')"]).failure == "ImportError: libfoo"
    assert ask(["-c", "import sys; sys.exit(3)"]).failure == "exit code 3"
    assert "unexpected answer" in (ask(["-c", "print('hm')"]).failure or "")
    assert "No such file" in (ask([], python=str(tmp_path / "python")).failure or "")


def test_this_installation() -> None:
    found = installation_findings(Process(), lambda a: ask(a, sys.executable))
    assert not [finding for finding in found if finding.state != "ok"]
    assert {finding.name for finding in found} == {"Python", "NumPy", "Pillow", "runtime"}


def test_classify_says_the_same_where_there_is_no_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_is_installed", lambda name: False)
    with pytest.raises(RuntimeUnavailable, match="expected a TFLite runtime, got none installed"):
        runtime.import_runtime("auto")
    with pytest.raises(RuntimeUnavailable, match=r"the runtime litert, got .* pip install ai-edge"):
        runtime.import_runtime("litert")


def test_classify_names_a_numpy_that_tflite_runtime_cannot_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime, "_is_installed", lambda name: name == "tflite-runtime")
    monkeypatch.setattr(runtime.np, "__version__", "2.4.6")
    with pytest.raises(RuntimeUnavailable, match=r"expected NumPy 1 .* got 2\.4\.6; pip install"):
        runtime.import_runtime("auto")
