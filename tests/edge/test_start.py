"""From the start to the first label nothing is imported that this run does not need."""

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from edgeproof.edge.main import _KNOWN

# each takes 1 to 20 ms of a board's start, and a first label needs none of them
UNNEEDED = (
    "concurrent.futures",
    "difflib",
    "email",
    "importlib.metadata",
    "socket",
    "statistics",
    "subprocess",
    "tempfile",
    "edgeproof.edge.board",
    "edgeproof.edge.choice",
    "edgeproof.edge.golden_check",
    "edgeproof.edge.in_order",
)


def modules_after(program: str, *arguments: str | Path) -> set[str]:
    code = f"{program}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def imported_anyway() -> set[str]:
    """By Python's own start here (an editable install's finder), NumPy, Pillow and the runtime."""
    return modules_after("import numpy, PIL.Image, ai_edge_litert.interpreter")


@pytest.mark.parametrize(
    "program",
    [
        "import sys\nfrom edgeproof.edge import Classifier\n"
        "Classifier(sys.argv[1]).classify(sys.argv[2]).label",
        "import sys\nfrom edgeproof.edge.main import main\n"
        "assert main(['classify', *sys.argv[1:]]) == 0",
    ],
    ids=["API", "command"],
)
def test_a_first_label_imports_what_it_needs(program: str, digits_bundle: Path) -> None:
    picture = digits_bundle / "golden" / "files" / "01-rgb.png"
    found = modules_after(program, digits_bundle, picture) - imported_anyway()
    assert "edgeproof.edge.classifier" in found
    assert found & set(UNNEEDED) == set()


def test_commands_known_without_a_look_up_are_the_entry_points() -> None:
    points = {point.name: point.value for point in entry_points(group="edgeproof.commands")}
    assert "classify" in _KNOWN
    assert {name: f"{module}:{name}" for name, module in _KNOWN.items()}.items() <= points.items()
