"""Comparing arrays so that a comparison of nothing can never pass.

A `Difference` is truthy only if values were compared and every one of them is a number. Whether
the difference is small enough is the business of a gate (`gates.py`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Difference:
    """How far `got` is from `expected`.

    Attributes:
        compared: number of values that were compared; 0 where nothing could be compared.
        absolute: largest |got - expected|; NaN where nothing could be compared.
        relative: that, divided by the largest |expected| of the same output.
        noise: RMS of the difference divided by the RMS of `expected`.
        problem: why nothing can be said, as a clause; None where the figures hold.
    """

    compared: int
    absolute: float
    relative: float
    noise: float
    problem: str | None = None

    def __bool__(self) -> bool:
        figures = (self.absolute, self.relative, self.noise)
        return self.problem is None and self.compared > 0 and all(map(math.isfinite, figures))


def nothing(problem: str) -> Difference:
    """The falsy result of a comparison that could not be made."""
    return Difference(0, math.nan, math.nan, math.nan, problem)


def compare(expected: np.ndarray, got: np.ndarray) -> Difference:
    """Compare two arrays of real values of the same shape, in float64."""
    if expected.shape != got.shape:
        return nothing(f"expected shape {_shape(expected)}, got {_shape(got)}")
    if expected.size == 0:
        return nothing("no values to compare")
    for name, values in (("expected", expected), ("got", got)):
        bad = int(values.size - np.count_nonzero(np.isfinite(values)))
        if bad:
            return nothing(f"{bad:,} of {values.size:,} {name} values are NaN or infinite")
    wide = expected.astype(np.float64)
    error = got.astype(np.float64) - wide
    largest = float(np.abs(wide).max())
    if largest == 0.0:
        return nothing("every expected value is zero, so nothing could be shown")
    return Difference(
        compared=expected.size,
        absolute=float(np.abs(error).max()),
        relative=float(np.abs(error).max()) / largest,
        noise=math.sqrt(float(np.mean(error**2)) / float(np.mean(wide**2))),
    )


def compare_all(expected: Sequence[np.ndarray], got: Sequence[np.ndarray]) -> Difference:
    """Compare the outputs of a model one by one; the worst figure of each kind stands."""
    if len(expected) != len(got):
        return nothing(f"expected {len(expected)} outputs, got {len(got)}")
    if not expected:
        return nothing("no outputs to compare")
    each = [compare(e, g) for e, g in zip(expected, got, strict=True)]
    for index, difference in enumerate(each):
        if not difference:
            return nothing(f"output {index}: {difference.problem}")
    return Difference(
        compared=sum(d.compared for d in each),
        absolute=max(d.absolute for d in each),
        relative=max(d.relative for d in each),
        noise=max(d.noise for d in each),
    )


def unequal_bytes(expected: np.ndarray, got: np.ndarray) -> Difference:
    """Compare two uint8 arrays; `absolute` is the largest difference in grey levels."""
    if expected.shape != got.shape:
        return nothing(f"expected shape {_shape(expected)}, got {_shape(got)}")
    if expected.dtype != np.uint8 or got.dtype != np.uint8:
        return nothing(f"expected uint8 images, got {expected.dtype} and {got.dtype}")
    if expected.size == 0:
        return nothing("no pixels to compare")
    error = np.abs(expected.astype(np.int64) - got.astype(np.int64))
    worst = float(error.max())
    return Difference(expected.size, worst, worst / 255, float(np.mean(error)) / 255)


def _shape(array: np.ndarray) -> str:
    return " x ".join(map(str, array.shape)) or "scalar"
