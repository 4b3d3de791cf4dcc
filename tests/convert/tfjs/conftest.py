"""Real TF.js engines in Node, from the packages that the page is built from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from .engines import Engine, Files, run_in_node

_WEB = Path(__file__).parents[3] / "web"


@pytest.fixture(scope="session")
def web_folder() -> Path:
    """The folder with the page's npm packages; a failure, not a skip, where they are missing."""
    assert (_WEB / "node_modules/@tensorflow/tfjs-layers").is_dir(), (
        f"expected the page's packages in {_WEB / 'node_modules'}, got none; run make test"
    )
    return _WEB


@pytest.fixture
def run_tfjs(web_folder: Path, tmp_path: Path) -> Engine:
    """Run a written model: (files, inputs, backend) -> outputs in the model's order."""

    def run(files: Files, inputs: Sequence[np.ndarray], backend: str) -> list[np.ndarray]:
        return run_in_node(web_folder, tmp_path, files, inputs, backend)

    return run
