"""Does a bundle give the right answers on this machine?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.doctor.finding import Finding, State
from edgeproof.edge.errors import EdgeproofError
from edgeproof.edge.own_process import Ask, ask

_CHILD = ("-m", "edgeproof.edge.doctor.golden")


def bundle_findings(
    folder: Path, asking: Ask = ask, say: Callable[[str], None] = lambda line: None
) -> list[Finding]:
    """The bundle's files, whether `classify` opens it, and the golden check of each variant.

    A variant that fails is a problem where it is the one that `classify` would run, or where none
    passes; elsewhere a warning.

    Args:
        asking: runs native code in another process.
        say: is told what is being done, since a check takes seconds.
    """
    try:
        bundle = Bundle.open(folder)
        bundle.check_all()
    except (EdgeproofError, OSError) as error:
        return [_problem(str(error), "copy the bundle again")]
    say(f"opening {folder}")
    opened = asking([*_CHILD, str(folder)])
    failure = opened.failure or opened.facts.get("failure")
    if failure is not None:
        return [_problem(failure, "see NumPy, Pillow and the runtime, or convert the model again")]
    default = opened.facts["variant"]
    size = sum(entry.bytes for entry in bundle.manifest.all_files())
    says = f"{folder}: every file of {size / 1e6:,.1f} MB as the manifest says"
    checks = {}
    for variant in bundle.manifest.variants:
        if variant.format == "tflite":
            say(f"golden check of {variant.id}")
            answer = asking([*_CHILD, str(folder), variant.id])
            checks[variant.id] = answer.facts or {"failure": answer.failure}
    return [Finding("bundle", "ok", says), *_golden(checks, default)]


def _problem(sentence: str, otherwise: str) -> Finding:
    """An error's sentence, `expected ..., got ...; do this`, in its two halves."""
    says, mark, do = sentence.rpartition("; ")
    return Finding("bundle", "problem", *((says, do) if mark else (sentence, otherwise)))


def _golden(checks: dict[str, dict[str, Any]], default: str) -> list[Finding]:
    passed = [variant for variant, check in checks.items() if check.get("passed") is True]
    findings = []
    for variant, check in checks.items():
        if variant in passed:
            ran = f"{check['runtime']} {check['version']}"
            compared = f"{check['inputs']} inputs and {check['files']} pictures"
            figure = f"{check['worst']:.3g} of {check['limit']:.3g} {check['unit']}"
            says = f"{variant} on {ran}: {compared} give the golden answers ({figure})"
            findings.append(Finding("golden", "ok", says))
            continue
        says = f"{variant}: {check['failure']}"
        if not passed:
            do = "edgeproof verify BUNDLE on the machine that made it; then convert and copy again"
            findings.append(Finding("golden", "problem", says, do))
        else:
            state: State = "problem" if variant == default else "warning"
            findings.append(Finding("golden", state, says, "classify with --variant auto"))
    return findings
