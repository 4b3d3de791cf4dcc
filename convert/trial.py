"""A finished .tflite is run once before it is delivered: kernels refuse some files only then."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from edgeproof.convert.errors import ConvertError
from edgeproof.edge.errors import BundleError, RuntimeUnavailable
from edgeproof.edge.runtime import RuntimeName, TfliteModel, available_runtimes

_SECONDS = 120.0


def run_once(content: bytes, runtime: RuntimeName = "litert") -> None:
    """Run a .tflite on zeros.

    Raises:
        ConvertError: the runtime refuses to load or to run it, with its reason.
    """
    try:
        model = TfliteModel(content, runtime=runtime)
        model.invoke([np.zeros([n or 1 for n in s.shape or ()], s.dtype) for s in model.inputs])
    except (BundleError, RuntimeUnavailable, RuntimeError, ValueError) as error:
        raise ConvertError(f"the converted file does not run: {_last_line(str(error))}") from error


def refusal_by_tflite_runtime(content: bytes) -> str | None:
    """Why tflite-runtime does not run this .tflite; None where it does or is not installed.

    In a process of its own: tflite-runtime 2.14 and TensorFlow share C++ symbols, and the former
    crashes in the latter's process.
    """
    if "tflite-runtime" not in available_runtimes():
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.tflite"
        file.write_bytes(content)
        command = [sys.executable, "-m", "edgeproof.convert.trial", str(file)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired:
            return f"no answer within {_SECONDS:.0f} s"
    if done.returncode == 0:
        return None
    return _last_line(done.stderr) or f"its process ended with {done.returncode}"


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")[:300]


if __name__ == "__main__":
    try:
        run_once(Path(sys.argv[1]).read_bytes(), "tflite-runtime")
    except ConvertError as error:
        sys.exit(str(error))
