"""All variants of MobileNetV2 224: `edgeproof convert` against the public tools."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.processes import Run, run

TFLITE = ("float32", "float16", "dynamic-int8", "int8", "int16x8")
TFJS = ("float32", "float16", "uint8")
VARIANTS = (*(f"tflite-{p}" for p in TFLITE), *(f"tfjs-{p}" for p in TFJS))
_PUBLIC_TFLITE = Path(__file__).with_name("public_tflite.py")


def compare(folder: Path, *, rounds: int, reference: Path | None) -> dict[str, Any]:
    """Time every side `rounds` times, in turn, and weigh the files of the last round.

    Args:
        reference: the Python of an environment with tensorflowjs; without it the TF.js half of
            the public tools is left out and said to be.
    """
    _make_model(folder)
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


def _make_model(folder: Path) -> None:
    """Random weights and batch-norm statistics that fold into something."""
    import keras
    import numpy as np

    generator = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(weights=None)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n = layer.gamma.shape[0]
            gamma, beta = generator.uniform(0.7, 1.5, n), generator.normal(0.1, 0.2, n)
            layer.set_weights(
                [gamma, beta, generator.normal(0, 0.2, n), generator.uniform(0.3, 1.3, n)]
            )
    model.save(folder / "model.keras")
    images = generator.integers(0, 256, (32, 224, 224, 3), dtype=np.uint8)
    np.savez(folder / "calibration.npz", images=images)


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
