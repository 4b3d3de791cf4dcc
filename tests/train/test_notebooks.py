"""The notebooks, executed on tiny data sets in a kernel; and how they are committed."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from PIL import Image

from edgeproof.edge.bundle import Bundle

NOTEBOOKS = Path(__file__).parents[2] / "train" / "notebooks"
NAMES = ("cifar10", "malaria", "mnist")
FIGURES = {
    "mnist": {"look", "stress", "foreign", "augmentation", "curves", "confusion", "mistakes"}
    | {"calibration", "classify"},
    "cifar10": {"look", "augmentation", "curves", "accuracy", "mistakes", "published", "classify"},
    "malaria": {"look", "slides", "augmentation", "curves", "detection", "groups", "mistakes"}
    | {"classify"},
}
# tracing a training step takes 10 s of processor time, and one step is all that is trained here
_EAGER = """
import sys, warnings

# that tf.data is left out, which is not used here
warnings.filterwarnings("ignore", "Even though the `tf.config.experimental_run_functions_eagerly")

def eager(*_):
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].config.run_functions_eagerly(True)

get_ipython().events.register("post_run_cell", eager)
"""

Document = dict[str, Any]


def execute(
    script: Path, folder: Path, *arguments: str, ipython: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """The documented command, without this user's Jupyter settings."""
    return subprocess.run(
        [sys.executable, script, "-o", folder, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "IPYTHONDIR": str(ipython or folder / "ipython")},
        timeout=1500,
        check=False,
    )


def read(path: Path) -> Document:
    notebook: Document = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def outputs(notebook: Document) -> dict[str, list[Document]]:
    """Of every code cell, by its id."""
    return {c["id"]: c["outputs"] for c in notebook["cells"] if c["cell_type"] == "code"}


def words(found: list[Document]) -> str:
    """What a cell printed or returned, as plain text."""
    parts = [o["text"] if o["output_type"] == "stream" else "" for o in found]
    parts += [o.get("data", {}).get("text/plain", "") for o in found]
    return "".join("".join(part) for part in parts)


def problems(notebook: Document, figures: set[str]) -> list[str]:
    """Why an executed notebook is not as a reader should see it."""
    found = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and cell["execution_count"] is None:
            found.append(f"{cell['id']} did not run")
    shown = set()
    for cell, made in outputs(notebook).items():
        for output in made:
            if output["output_type"] == "error":
                found.append(f"{cell} raised {output['ename']}")
            if output.get("name") == "stderr":
                found.append(f"{cell} wrote to stderr: {''.join(output['text'])}")
            picture = output.get("data", {}).get("image/png")
            if picture is not None:
                shown.add(cell)
                with Image.open(io.BytesIO(base64.b64decode(picture))) as opened:
                    if np.ptp(np.asarray(opened.convert("L"))) < 10:
                        found.append(f"{cell} shows an empty picture")
        if re.search(r"\b\w*(Warning|Error|Exception)\b|Traceback", words(made)):
            found.append(f"{cell} tells of an error: {words(made)}")
    found += [f"{cell} shows no picture" for cell in sorted(figures - shown)]
    return found + [f"{cell} shows a picture, unexpected" for cell in sorted(shown - figures)]


@pytest.fixture
def data(tmp_path: Path, write_mnist: Callable[..., Path], cifar_binary: Path, cells: Path) -> Path:
    """All three data sets, as published and tiny."""
    write_mnist(tmp_path / "data" / "mnist")
    assert cifar_binary.parent == cells.parent == tmp_path / "data"
    return tmp_path / "data"


@pytest.mark.parametrize("name", NAMES)
def test_runs_from_pictures_to_proof(name: str, tmp_path: Path, data: Path) -> None:
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "eager.py").write_text(_EAGER)
    values = {"data": str(data), "epochs": 1, "limit": 60, "runtimes": ["litert"]}
    values["variants"] = "tflite-float32,tflite-int8"
    arguments = [part for n, v in values.items() for part in ("-p", f"{n}={v!r}")]
    out = tmp_path / "out"
    done = execute(NOTEBOOKS / "execute.py", out, name, *arguments, ipython=tmp_path / "ipython")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(out / f"{name}.ipynb")]
    notebook = read(out / f"{name}.ipynb")
    assert problems(notebook, FIGURES[name]) == []

    bundle = Bundle.open(out / "bundles" / name)
    bundle.check_all()
    assert {v.id for v in bundle.manifest.variants} == {"tflite-float32", "tflite-int8"}
    report = json.loads((bundle.folder / "report.json").read_text())
    said = words(outputs(notebook)["verify"])
    # so little training seldom passes: what matters is that the notebook says what was measured
    assert ("Every gate holds." in said) == report["passed"]
    assert all(broken["variant"] in said.partition("Broken:")[2] for broken in report["broken"])
    label = words(outputs(notebook)["classify"]).splitlines()[1].split()[0]
    assert label in bundle.manifest.labels


def _executed(**cell: Any) -> Document:
    return {"cells": [{"cell_type": "code", "id": "a", "execution_count": 1, **cell}]}


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ({"outputs": [], "execution_count": None}, "a did not run"),
        ({"outputs": [{"output_type": "error", "ename": "KeyError"}]}, "a raised KeyError"),
        (
            {"outputs": [{"output_type": "stream", "name": "stderr", "text": ["I0000 cuda\n"]}]},
            "a wrote to stderr: I0000 cuda\n",
        ),
        (
            {"outputs": [{"output_type": "stream", "name": "stdout", "text": ["UserWarning: b"]}]},
            "a tells of an error: UserWarning: b",
        ),
    ],
)
def test_problems_are_seen(cell: Document, problem: str) -> None:
    assert problems(_executed(**cell), set()) == [problem]


def test_missing_and_empty_pictures_are_seen() -> None:
    encoded = io.BytesIO()
    Image.new("L", (4, 4), 255).save(encoded, "PNG")
    white = base64.b64encode(encoded.getvalue()).decode()
    shown = {"outputs": [{"output_type": "display_data", "data": {"image/png": white}}]}
    assert problems(_executed(**shown), {"b"}) == [
        "a shows an empty picture",
        "b shows no picture",
        "a shows a picture, unexpected",
    ]


def test_a_cell_that_fails(tmp_path: Path) -> None:
    shutil.copy(NOTEBOOKS / "execute.py", tmp_path)
    cells = [
        nbformat.v4.new_code_cell("answer = 41", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("assert answer == 41, answer"),
    ]
    broken = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(broken, tmp_path / "broken.ipynb")
    done = execute(tmp_path / "execute.py", tmp_path / "out", "-p", "answer=42")
    assert done.returncode == 1
    assert "AssertionError: 42" in done.stderr
    # the copy is kept, to be looked at
    assert "raised AssertionError" in problems(read(tmp_path / "out" / "broken.ipynb"), set())[0]

    done = execute(tmp_path / "execute.py", tmp_path / "out", "-p", "question=6")
    assert done.returncode == 2
    assert "expected one of the parameters answer, got question" in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_committed_without_what_an_execution_leaves(name: str) -> None:
    path = NOTEBOOKS / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert {p.stem for p in NOTEBOOKS.glob("*.ipynb")} == set(NAMES)
    for cell in notebook.cells:
        # an editor's own ids are eight random hexadecimal digits
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cell.id), cell.id
        assert set(cell.metadata) <= {"tags"}
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None), cell.id
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    tagged = [c.id for c in notebook.cells if "parameters" in c.metadata.get("tags", ())]
    assert tagged == ["parameters"]
