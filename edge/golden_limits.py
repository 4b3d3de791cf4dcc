"""How far a variant may be from the golden outputs on a device, each limit with its reason.

Errors are relative to the largest golden value of the output: with 1,000 classes a probability may
be 0.002 at most, and an absolute limit would let anything pass. Sigmoid units are measured against
1, since the complement of one is the probability of the other class.
"""

from dataclasses import dataclass

from edgeproof.edge.errors import BundleError

OF_LARGEST = "of the largest golden output"


@dataclass(frozen=True)
class Limit:
    """The largest error that passes, in `unit`."""

    limit: float
    unit: str
    why: str

    def __post_init__(self) -> None:
        if not self.why.strip():
            raise ValueError("expected a reason for the limit, got none")


REPEAT = Limit(
    1e-6,
    OF_LARGEST,
    "the same input twice gives the same answer; not 0, because threads may add up in another "
    "order: a few float32 roundings of 6e-8",
)

# precision -> against Keras' outputs. They hold noise of quantisation as well as faults
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


def limit_against_keras(precision: str) -> Limit:
    """The row of a precision.

    Raises:
        BundleError: there is none, so that nothing could be judged.
    """
    if precision not in AGAINST_KERAS:
        raise BundleError(
            f"expected a precision with a limit ({', '.join(AGAINST_KERAS)}), got {precision!r}; "
            "a newer edgeproof may know it"
        )
    return AGAINST_KERAS[precision]
