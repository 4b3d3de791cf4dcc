"""Wrong weights in files whose hashes are right: only numbers can tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.parity.mutants.mutant import FLOAT, INT8, Mutant
from tests.parity.mutants.tflite_edits import BIAS, WEIGHTS, constant, edited, on_constant

HALF = "tflite-float16"


def sign_of_the_largest(weights: np.ndarray) -> np.ndarray:
    weights.flat[int(np.abs(weights.astype(np.float32)).argmax())] *= -1
    return weights


def first_channel_zeroed(weights: np.ndarray) -> np.ndarray:
    weights[0] = 0
    return weights


def two_filters_swapped(weights: np.ndarray) -> np.ndarray:
    weights[[0, 1]] = weights[[1, 0]]
    return weights


def with_value(value: float) -> Any:
    def change(weights: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            weights.flat[7] = np.float32(value).astype(weights.dtype)
        return weights

    return change


def as_bfloat16(weights: np.ndarray) -> np.ndarray:
    return (weights.view(np.uint32) & 0xFFFF0000).view(np.float32)


def biases_swapped(model: Any) -> None:
    """Of the third and fourth layer's neighbours that are of one length (48)."""
    first, second = constant(model, 3, BIAS), constant(model, 4, BIAS)
    assert list(first.shape) == list(second.shape)
    first.buffer, second.buffer = second.buffer, first.buffer


def activation_dropped(model: Any) -> None:
    model.subgraphs[0].operators[1].builtinOptions.fusedActivationFunction = 0


def mutant(name: str, change: str, gate: str, edit: Any, variant: str = FLOAT) -> Mutant:
    return Mutant(f"weights-{name}", change, gate, edited(variant, edit), variant)


def quarter_overwritten(weights: np.ndarray) -> np.ndarray:
    quarter = weights.size // 4
    weights.flat[:quarter] = weights.flat[quarter : 2 * quarter]
    return weights


MUTANTS = (
    mutant(
        "sign",
        "the largest value of a kernel has the other sign",
        "relative",
        on_constant(1, WEIGHTS, sign_of_the_largest),
    ),
    mutant(
        "channel-zeroed",
        "one channel of a kernel is zero",
        "relative",
        on_constant(3, WEIGHTS, first_channel_zeroed),
    ),
    mutant(
        "bias-off",
        "every bias of a layer is off by 0.01",
        "relative",
        on_constant(3, BIAS, lambda bias: bias + np.float32(0.01)),
    ),
    mutant(
        "filters-swapped",
        "two filters of one layer are swapped",
        "relative",
        on_constant(3, WEIGHTS, two_filters_swapped),
    ),
    mutant("layers-swapped", "the biases of two layers are swapped", "relative", biases_swapped),
    mutant(
        "transposed",
        "rows and columns of the kernels are swapped",
        "relative",
        on_constant(1, WEIGHTS, lambda w: w.swapaxes(1, 2)),
    ),
    mutant(
        "bfloat16",
        "the mantissa of one layer's weights is cut to 7 bits",
        "relative",
        on_constant(1, WEIGHTS, as_bfloat16),
    ),
    mutant("nan", "one weight is NaN", "relative", on_constant(1, WEIGHTS, with_value(np.nan))),
    mutant(
        "activation",
        "the activation fused into one layer is missing",
        "relative",
        activation_dropped,
    ),
    mutant(
        "float16-overflow",
        "one weight of 70,000 overflows float16",
        "noise",
        on_constant(1, WEIGHTS, with_value(7e4)),
        HALF,
    ),
    *(
        mutant(
            f"{variant.removeprefix('tflite-')}-quarter",
            "a quarter of a layer's weights is overwritten by the next",
            "noise",
            on_constant(1, WEIGHTS, quarter_overwritten),
            variant,
        )
        for variant in (HALF, "tflite-dynamic-int8", INT8, "tflite-int16x8")
    ),
    mutant(
        "int8-sign",
        "the largest value of an int8 kernel has the other sign",
        "weights",
        on_constant(1, WEIGHTS, sign_of_the_largest),
        INT8,
    ),
)
