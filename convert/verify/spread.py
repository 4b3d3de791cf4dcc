"""How errors are spread over all compared values: largest, mean and 99th percentile.

Gates judge the largest; the mean and the percentile say whether it is one value or all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeproof.convert.verify.comparison import compare

PERCENTILE = 99


@dataclass(frozen=True)
class ErrorSpread:
    """|got - expected| over all values, and that divided by the largest |expected| of its output.

    Attributes:
        values: how many were compared.
        max_absolute, mean_absolute, p99_absolute: in the output's own unit.
        max_relative, mean_relative, p99_relative: shares of the largest reference output.
        max_steps, mean_steps, p99_steps: in steps of the output's own quantisation; null where an
            output holds real numbers.
    """

    values: int
    max_absolute: float
    mean_absolute: float
    p99_absolute: float
    max_relative: float
    mean_relative: float
    p99_relative: float
    max_steps: float | None = None
    mean_steps: float | None = None
    p99_steps: float | None = None


def error_spread(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], scales: Sequence[float | None] = ()
) -> ErrorSpread | None:
    """The spread over pairs of (expected, got) arrays, each pair of one shape.

    `scales`: the step of each pair's output, None for real numbers; empty where none has steps.

    Percentiles are interpolated linearly between the two nearest values (NumPy's default; R. J.
    Hyndman and Y. Fan, Sample Quantiles in Statistical Packages, 1996, definition 7). None where a
    pair cannot be compared (other shapes, NaN, nothing but zeros) or there is none: its check says
    why.
    """
    if not pairs or not all(compare(expected, got) for expected, got in pairs):
        return None
    absolute, relative = [], []
    for expected, got in pairs:
        wide = expected.astype(np.float64)
        error = np.abs(got.astype(np.float64) - wide).ravel()
        absolute.append(error)
        relative.append(error / np.abs(wide).max())
    every, shares = np.concatenate(absolute), np.concatenate(relative)
    known = [scale for scale in scales if scale is not None]
    steps = None
    if len(known) == len(pairs):
        steps = np.concatenate([e / step for e, step in zip(absolute, known, strict=True)])
    return ErrorSpread(
        values=every.size,
        max_absolute=float(every.max()),
        mean_absolute=float(every.mean()),
        p99_absolute=float(np.percentile(every, PERCENTILE)),
        max_relative=float(shares.max()),
        mean_relative=float(shares.mean()),
        p99_relative=float(np.percentile(shares, PERCENTILE)),
        max_steps=None if steps is None else float(steps.max()),
        mean_steps=None if steps is None else float(steps.mean()),
        p99_steps=None if steps is None else float(np.percentile(steps, PERCENTILE)),
    )
