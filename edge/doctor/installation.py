"""What is installed: Python, NumPy, Pillow and a TFLite runtime that starts."""

import sys

from edgeproof.edge.board import Process
from edgeproof.edge.doctor.finding import Finding, State
from edgeproof.edge.own_process import Answer, Ask, ask
from edgeproof.edge.runtime_wheels import how_to_get_a_runtime

_NUMPY = "import json, numpy; print(json.dumps({'version': numpy.__version__}))"
# a build without JPEG or PNG cannot read what cameras and phones make
_PILLOW = """
import json, PIL
from PIL import Image, features
has = {name: features.check(name) for name in ("jpg", "zlib", "webp")}
print(json.dumps({"version": PIL.__version__, **{k: "yes" for k, v in has.items() if v}}))
"""
_RUNTIME = """
import json
from importlib.metadata import version
from {module} import Interpreter
print(json.dumps({{"version": version({distribution!r})}}))
"""
_RUNTIMES = {
    "LiteRT": ("ai_edge_litert.interpreter", "ai-edge-litert"),
    "tflite-runtime": ("tflite_runtime.interpreter", "tflite-runtime"),
}
_NEEDED = {"jpg": "JPEG", "zlib": "PNG"}


def installation_findings(
    process: Process, asking: Ask = ask, python: str = sys.executable
) -> list[Finding]:
    """Python, NumPy, Pillow and the runtimes, each really imported."""
    numpy = asking(["-c", _NUMPY])
    return [
        Finding("Python", "ok", f"{process.python}, {process.bits}-bit, {python}"),
        _package("NumPy", numpy, "pip install numpy"),
        _pillow(asking(["-c", _PILLOW])),
        *_runtimes(process, asking, numpy.facts.get("version", "")),
    ]


def _package(name: str, found: Answer, how: str) -> Finding:
    if found.failure is None:
        return Finding(name, "ok", found.facts["version"])
    if found.missing:
        return Finding(name, "problem", "not installed", how)
    again = how.replace("pip install", "pip install --force-reinstall --no-cache-dir")
    return Finding(name, "problem", found.failure, again)


def _pillow(found: Answer) -> Finding:
    finding = _package("Pillow", found, "pip install Pillow")
    lacking = [word for key, word in _NEEDED.items() if key not in found.facts]
    how = "pip install --force-reinstall --only-binary=:all: Pillow, or apt's python3-pil"
    if finding.state == "ok" and lacking:
        says = f"{finding.says}, which reads no {' and no '.join(lacking)}"
        return Finding("Pillow", "problem", says, how)
    if finding.state == "ok" and "webp" not in found.facts:
        return Finding("Pillow", "warning", f"{finding.says}, which reads no WebP", how)
    return finding


def _runtimes(process: Process, asking: Ask, numpy: str) -> list[Finding]:
    """Every runtime that is installed; a broken one is only a warning beside one that starts."""
    found = {
        name: asking(["-c", _RUNTIME.format(module=module, distribution=distribution)])
        for name, (module, distribution) in _RUNTIMES.items()
    }
    there = {name: answer for name, answer in found.items() if not answer.missing}
    if not there:
        do = how_to_get_a_runtime(process)
        return [Finding("runtime", "problem", "no TFLite runtime installed", do)]
    wrong = {name: _what_is_wrong(name, answer, numpy) for name, answer in there.items()}
    state: State = "warning" if None in wrong.values() else "problem"
    return [
        Finding("runtime", "ok", f"{name} {there[name].facts['version']}")
        if said is None
        else Finding("runtime", state, *said)
        for name, said in wrong.items()
    ]


def _what_is_wrong(name: str, answer: Answer, numpy: str) -> tuple[str, str] | None:
    """What is found and what to do, where a runtime that is there cannot run."""
    # its import succeeds even so, and the first model fails
    if name == "tflite-runtime" and int(numpy.partition(".")[0] or 0) >= 2:
        return f"{name} needs NumPy 1, got {numpy}", "pip install 'numpy<2'"
    if answer.failure is not None:
        again = f"pip install --force-reinstall {_RUNTIMES[name][1]}"
        return f"{name} does not start: {answer.failure}", again
    return None
