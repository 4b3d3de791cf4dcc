"""Signal-to-noise ratios, and when one of them is a fault rather than the file's precision."""

from __future__ import annotations

import math

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


def shown_db(value: float) -> str:
    """`exact` and `not a number` at the two ends of the scale."""
    if value >= EXACT:
        return "exact"
    return "not a number" if value <= -EXACT else f"{value:.1f}"


# dB. Over all layers of five trained models (ours for digits, MLPerf Tiny ResNet-8 and streaming
# wake word, mini-XCEPTION, an LSTM) on their golden inputs an intact layer's own ratio is at least
# 124.4 (float32), 64.0 (float16), 37.2 (dynamic-int8), 31.6 (int8), 35.3 (int16x8), 37.7 (uint8);
# the limits leave 10 to 14 dB below the worst, and 24 in float32, where one wrong weight costs more
_LIMITS_DB = {
    "float32": 100.0,
    "float16": 50.0,
    "dynamic-int8": 25.0,
    "int8": 20.0,
    "int16x8": 25.0,  # its weights are int8
    "uint8": 25.0,
}


def limit_db(precision: str) -> float:
    """The lowest ratio that the precision alone explains in one layer."""
    return _LIMITS_DB[precision]
