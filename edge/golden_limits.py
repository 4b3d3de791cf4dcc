"""How far a variant may be from the golden outputs on a device, each limit with its reason.

Errors are relative to the largest golden value of the output: with 1,000 classes a probability may
be 0.002 at most, and an absolute limit would let anything pass. Sigmoid units are measured against
1, since the complement of one is the probability of the other class.
"""

from dataclasses import dataclass, replace

from edgeproof.edge.errors import BundleError

OF_LARGEST = "of the largest golden output"


@dataclass(frozen=True)
class Limit:
    """The largest error that passes, in `unit`.

    `times_own_error`: how often the file's own error against Keras may pass where that is more than
    `limit`; None where the limit is the same for every file.
    """

    limit: float
    unit: str
    why: str
    times_own_error: float | None = None

    def __post_init__(self) -> None:
        if not self.why.strip():
            raise ValueError("expected a reason for the limit, got none")

    def for_own_error(self, error: float) -> "Limit":
        """The limit for a file that is `error` off Keras by itself, in `unit`."""
        own = (self.times_own_error or 0) * error
        return replace(self, limit=own) if own > self.limit else self  # NaN raises no limit


REPEAT = Limit(
    1e-6,
    OF_LARGEST,
    "the same input twice gives the same answer; not 0, because threads may add up in another "
    "order: a few float32 roundings of 6e-8",
)

_STEPS = "output steps"

# precision -> against Keras' outputs, which hold the noise of quantisation as well as faults
AGAINST_KERAS: dict[str, Limit] = {
    "float32": Limit(
        1e-4,
        OF_LARGEST,
        "the same float32 arithmetic in another order: each of some hundred layers rounds by 6e-8",
    ),
    "float16": Limit(
        2e-2,
        OF_LARGEST,
        "weights keep 11 bits, a relative step of 2^-11 each, which the layers add up: 0.0017 on "
        "the digits model",
    ),
    "dynamic-int8": Limit(
        0.25,
        OF_LARGEST,
        "weights and activations keep 256 steps; probabilities near a tie move most: 0.017 on the "
        "digits model",
    ),
    "int8": Limit(0.25, OF_LARGEST, "as dynamic-int8, and ranges come from few calibration images"),
    "int16x8": Limit(
        0.25, OF_LARGEST, "8-bit weights as dynamic-int8; 16-bit activations add next to nothing"
    ),
}

# precision -> against the reference kernels on the same file. For quantised outputs in steps: the
# largest difference, and the mean over the inputs of each one's largest
STEPS: dict[str, Limit] = {
    "int8": Limit(
        16,
        _STEPS,
        "kernels may round a half step of a logit either way; a logit's step is 0.1 to 0.25, and a "
        "softmax at one half turns it into a quarter of that: 6 to 16 steps of 1/256. Or twice "
        "what the reference kernels are off Keras: kernels that are no farther from Keras are at "
        "most so far from them. Deep networks amplify every rounding, the file's own as well: 50 "
        "steps where the reference is off by 48, after 28 layers",
        times_own_error=2,
    ),
    "int16x8": Limit(
        64, _STEPS, "a step is 1/32768: 64 of them are a 500th of the range, half a step of int8"
    ),
}
MEAN_STEPS: dict[str, Limit] = {
    "int8": Limit(
        4,
        f"{_STEPS} on average",
        "such roundings are rare: 0.26 on the digits model. Or twice the reference kernels' own "
        "error, as the largest",
        times_own_error=2,
    ),
    "int16x8": Limit(8, f"{_STEPS} on average", "such roundings are rare: 0.1 on digits"),
}
# and for float outputs
AGAINST_REFERENCE: dict[str, Limit] = {
    "dynamic-int8": Limit(
        5e-2,
        OF_LARGEST,
        "activations are quantised on the fly, and kernels may round a value that lies between two "
        "steps either way: 1/255 per layer; 0.009 on the digits model",
    ),
    "int8": Limit(5e-2, OF_LARGEST, "as dynamic-int8"),
    "int16x8": Limit(1e-2, OF_LARGEST, "16-bit activations round by 1/65535 per layer"),
}


def limit_of(precision: str, limits: dict[str, Limit]) -> Limit:
    """The row of a precision.

    Raises:
        BundleError: there is none, so that nothing could be judged.
    """
    if precision not in limits:
        raise BundleError(
            f"expected a precision with a limit ({', '.join(limits)}), got {precision!r}; "
            "a newer edgeproof may know it"
        )
    return limits[precision]
