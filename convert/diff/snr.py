"""Signal-to-noise ratios, and when one of them is a fault rather than the file's precision."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

# dB; where values are equal to the last bit, and minus it where they are not even numbers
EXACT = 200.0


class Noise:
    """The power of a signal and of what departs from it, added up over batches."""

    def __init__(self) -> None:
        self._signal = self._noise = 0.0

    def add(self, expected: np.ndarray, got: np.ndarray) -> None:
        """One batch of the same values, in any two shapes of one size."""
        reference = expected.reshape(-1).astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            difference = got.reshape(-1).astype(np.float64) - reference
            self._signal += float(reference @ reference)
            self._noise += float(difference @ difference)

    @property
    def snr_db(self) -> float:
        """10 log10(signal / noise), within plus and minus `EXACT`."""
        if not math.isfinite(self._noise):
            return -EXACT
        if self._noise == 0:
            return EXACT
        if self._signal == 0:
            return -EXACT
        return float(np.clip(10 * math.log10(self._signal / self._noise), -EXACT, EXACT))


# what the precision alone leaves of any layer's output, dB
_LEVELS = {
    "float32": 100.0,
    "float16": 60.0,
    "dynamic-int8": 30.0,
    "int8": 25.0,
    "int16x8": 30.0,
    "uint8": 30.0,
}
DROP_DB = 12.0


def expected_snr(inputs: Iterable[float], precision: str) -> float:
    """The ratio that a layer's inputs explain, or the precision if that is worse."""
    return min([*inputs, _LEVELS[precision]])


def falls_off(snr_db: float, expected_db: float) -> bool:
    """Is a layer so much worse than expected that rounding is no explanation?"""
    return snr_db < expected_db - DROP_DB
