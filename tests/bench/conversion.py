"""All variants of MobileNetV2 224: `edgeproof convert` against the public tools."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.conversion_report import markdown
from tests.bench.processes import Run, run
from tests.bench.settings import Settings

__all__ = ["markdown", "measure"]

TFLITE = ("float32", "float16", "dynamic-int8", "int8", "int16x8")
TFJS = ("float32", "float16", "uint8")
VARIANTS = (*(f"tflite-{p}" for p in TFLITE), *(f"tfjs-{p}" for p in TFJS))
PACKAGES = ("edgeproof", "tensorflow", "keras", "ai-edge-quantizer", "ai-edge-litert", "numpy")
_PUBLIC_TFLITE = Path(__file__).with_name("public_tflite.py")


def measure(settings: Settings) -> dict[str, Any]:
    """Seconds, peak memory and file sizes of each side; what each takes installed."""
    with tempfile.TemporaryDirectory() as folder:
        result = compare(Path(folder), rounds=settings.rounds, reference=settings.reference)
    return {
        **result,
        "installed": _installed(settings.reference),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }


def compare(folder: Path, *, rounds: int, reference: Path | None) -> dict[str, Any]:
    """Time every side `rounds` times, in turn, and weigh the files of the last round.

    Args:
        reference: the Python of an environment with tensorflowjs; without it the TF.js half of
            the public tools is left out and said to be.
    """
    run([sys.executable, Path(__file__).with_name("make_mobilenet.py"), folder])
    sides: dict[str, Callable[[], list[Run]]] = {
        "edgeproof": lambda: _edgeproof(folder),
        "one float32 TFLiteConverter run": lambda: [_public_tflite(folder, "float32")],
        "public tools": lambda: _public(folder, reference),
    }
    measured: dict[str, list[list[Run]]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, side in sides.items():
            measured[name].append(side())
            seconds = sum(r.seconds for r in measured[name][-1])
            sys.stderr.write(f"round {number + 1}: {name} {seconds:.1f} s\n")
    medians = {n: statistics.median(_seconds(r) for r in runs) for n, runs in measured.items()}
    peaks = {n: max(r.peak_bytes for x in runs for r in x) for n, runs in measured.items()}
    ours = medians["edgeproof"]
    return {
        "rounds": rounds,
        "with_tensorflowjs": reference is not None,
        "seconds": {n: [_seconds(r) for r in runs] for n, runs in measured.items()},
        "median_seconds": medians,
        "ratio_to": {n: ours / m for n, m in medians.items() if n != "edgeproof"},
        "peak_bytes": peaks,
        "bytes": {variant: _sizes(folder, variant) for variant in VARIANTS},
    }


def _seconds(runs: list[Run]) -> float:
    return sum(r.seconds for r in runs)


def _edgeproof(folder: Path) -> list[Run]:
    command = [Path(sys.executable).with_name("edgeproof"), "convert", folder / "model.keras"]
    command += ["-o", folder / "bundle", "--force", "--normalize", "minus-one-one"]
    command += ["--calibration", folder / "calibration.npz", "--variants", ",".join(VARIANTS)]
    return [run(command)]


def _public_tflite(folder: Path, precision: str, output: str = "") -> Run:
    target = folder / (output or f"public-{precision}.tflite")
    arguments = [folder / "model.keras", precision, folder / "calibration.npz", target]
    return run([sys.executable, _PUBLIC_TFLITE, *arguments])


def _public(folder: Path, reference: Path | None) -> list[Run]:
    runs = [_public_tflite(folder, precision) for precision in TFLITE]
    if reference is None:
        return runs
    shutil.rmtree(folder / "saved-model", ignore_errors=True)
    runs.append(_public_tflite(folder, "saved-model", "saved-model"))
    for precision in TFJS:
        target = folder / f"public-tfjs-{precision}"
        shutil.rmtree(target, ignore_errors=True)
        command = [reference, "-m", "tensorflowjs.converters.converter"]
        command += ["--input_format=tf_saved_model", "--output_format=tfjs_graph_model"]
        command += [] if precision == "float32" else [f"--quantize_{precision}=*"]
        runs.append(run([*command, folder / "saved-model", target]))
    return runs


def _sizes(folder: Path, variant: str) -> dict[str, int | None]:
    """Bytes of all files; ours with labels and metadata in them."""
    form, _, precision = variant.partition("-")
    theirs = folder / (
        f"public-{precision}.tflite" if form == "tflite" else f"public-tfjs-{precision}"
    )
    ours = _bytes(folder / "bundle" / "variants" / variant)
    return {"edgeproof": ours, "public": _bytes(theirs) if theirs.exists() else None}


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(os.path.getsize(file) for file in path.rglob("*") if file.is_file())


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
