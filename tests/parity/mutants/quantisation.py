"""Wrong scales and zero points: in the file, in the manifest, or in how they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgeproof.convert.verify.runtimes import tflite
from edgeproof.edge import runtime
from edgeproof.edge.manifest import TensorSpec
from edgeproof.edge.quantisation import quantise
from tests.parity.mutants.mutant import INT8, Ground, Mutant
from tests.parity.mutants.tflite_edits import BIAS, WEIGHTS, constant, edited, on_quantisation

DYNAMIC = "tflite-dynamic-int8"


def scaled(factor: float) -> Callable[[Any], None]:
    def change(quantization: Any) -> None:
        quantization.scale = quantization.scale * np.float32(factor)

    return change


def permuted(quantization: Any) -> None:
    assert len(quantization.scale) > 1
    quantization.scale = np.roll(quantization.scale, 1)


def with_its_bias(operation: int, change: Callable[[Any], None]) -> Callable[[Any], None]:
    """Runtimes refuse a bias whose scale is not input times weights: an honest file has both."""

    def edit(model: Any) -> None:
        change(constant(model, operation, WEIGHTS).quantization)
        change(constant(model, operation, BIAS).quantization)

    return edit


def in_manifest(side: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Ground], None]:
    def seed(ground: Ground) -> None:
        def edit(manifest: dict[str, Any]) -> None:
            (variant,) = [v for v in manifest["variants"] if v["id"] == INT8]
            change(variant[side][0])

        ground.lab.change_manifest(edit)

    return seed


# where verification and where devices look it up
_PLACES = (tflite, runtime)


def input_read_as_uint8(ground: Ground) -> None:
    def without_zero_point(real: np.ndarray, spec: TensorSpec) -> np.ndarray:
        if spec.dtype != "int8":
            return quantise(real, spec)
        return np.clip(np.rint(real / spec.scale), 0, 255).astype(np.uint8).view(np.int8)

    for place in _PLACES:
        ground.patch.setattr(place, "quantise", without_zero_point)


def output_without_zero_point(ground: Ground) -> None:
    def dequantise(quantised: np.ndarray, spec: TensorSpec) -> np.ndarray:
        return np.asarray(quantised, np.float32) * np.float32(spec.scale or 1)

    for place in _PLACES:
        ground.patch.setattr(place, "dequantise", dequantise)


def mutant(name: str, change: str, gate: str, seed: Any, variant: str = INT8) -> Mutant:
    return Mutant(f"quantisation-{name}", change, gate, seed, variant)


MUTANTS = (
    mutant(
        "scale-1.02",
        "the weights of one layer are scaled by 1.02",
        "weights",
        edited(INT8, with_its_bias(1, scaled(1.02))),
    ),
    mutant(
        "scale-2",
        "the weights of one layer are scaled by 2",
        "noise",
        edited(INT8, with_its_bias(1, scaled(2))),
    ),
    mutant(
        "scales-permuted",
        "the scales of a layer's channels are moved by one",
        "noise",
        edited(INT8, with_its_bias(4, permuted)),
    ),
    mutant(
        "dynamic-scales-permuted",
        "the same in dynamic-int8",
        "weights",
        edited(DYNAMIC, on_quantisation(1, WEIGHTS, permuted)),
        DYNAMIC,
    ),
    mutant(
        "output-scale",
        "the manifest's output scale is twice the file's",
        "tensors",
        in_manifest("outputs", lambda t: t.update(scale=2 * t["scale"])),
    ),
    mutant(
        "input-scale",
        "the manifest's input scale is 1.02 times the file's",
        "tensors",
        in_manifest("inputs", lambda t: t.update(scale=1.02 * t["scale"])),
    ),
    mutant(
        "zero-point-1",
        "the manifest's input zero point is off by one",
        "tensors",
        in_manifest("inputs", lambda t: t.update(zero_point=t["zero_point"] + 1)),
    ),
    mutant(
        "zero-point-3",
        "the manifest's output zero point is off by three",
        "tensors",
        in_manifest("outputs", lambda t: t.update(zero_point=t["zero_point"] + 3)),
    ),
    mutant(
        "uint8-input",
        "an int8 input is filled as if it were uint8",
        "noise",
        input_read_as_uint8,
    ),
    mutant(
        "no-zero-point",
        "an int8 output is read without its zero point",
        "noise",
        output_without_zero_point,
    ),
)
