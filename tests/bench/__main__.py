"""`make bench`: one JSON and one Markdown file for each part in build/bench/, and the tables.

python -m tests.bench [--only PART] [--rounds N] [--reference PYTHON]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench import evaluation
from tests.bench.conversion import compare
from tests.bench.report import markdown

OUTPUT = Path("build/bench")
PACKAGES = ("edgeproof", "tensorflow", "keras", "ai-edge-quantizer", "ai-edge-litert", "numpy")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rounds", type=int, default=3, help="how often each side runs")
    parser.add_argument("--reference", type=Path, default=_reference(), metavar="PYTHON")
    parser.add_argument("--only", choices=("conversion", "evaluation"))
    given = parser.parse_args()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    if given.only != "evaluation":
        _conversion(given)
    if given.only != "conversion":
        result = {"machine": _machine(), **evaluation.measure(given)}
        _write("evaluation", result, evaluation.markdown(result))


def _conversion(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        result = compare(Path(folder), rounds=given.rounds, reference=given.reference)
    result["installed"] = _installed(given.reference)
    result["machine"] = _machine()
    result["versions"] = {name: importlib.metadata.version(name) for name in PACKAGES}
    _write("conversion", result, markdown(result))


def _write(name: str, result: dict[str, Any], text: str) -> None:
    (OUTPUT / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    (OUTPUT / f"{name}.md").write_text(text)
    print(text)  # noqa: T201 - the result


def _reference() -> Path | None:
    named = os.environ.get("EDGEPROOF_REFERENCE")
    path = Path(named) if named else Path(".venv-reference/bin/python")
    return path.absolute() if path.exists() else None


def _installed(reference: Path | None) -> dict[str, Any]:
    """What each side takes on disk with all that it requires."""
    sides = {"edgeproof[convert]": Path(sys.executable)}
    if reference is not None:
        sides["tensorflowjs"] = reference
    script = Path(__file__).with_name("installed_size.py")
    return {
        root: json.loads(subprocess.check_output([python, script, root]))
        for root, python in sides.items()
    }


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_bytes": memory,
        "load_average": os.getloadavg(),
    }


main()
