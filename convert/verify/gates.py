"""Every tolerance and every limit of verification, each with its reason. There are no others."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

ANY = "any"
FLOAT = "float32"
HALF = "half"

_OF_LARGEST = "of the largest reference output"
_STEPS = "output steps"
_POINTS = "percentage points"
_SHARE = "share of the images"


@dataclass(frozen=True)
class Gate:
    """A limit.

    Attributes:
        name: what `--gate` calls it.
        precision: the variant's precision that it holds for, "half" for runtimes that keep every
            layer's output in 16 bits whatever the variant, or "any".
        limit: in `unit`.
        unit: of the limit and the figure.
        bound: whether the figure has to stay at or under the limit, or at or over it.
        why: the reason for the number.
        times_own_error: how often the file's own error against Keras may pass where that is more
            than `limit`; None where the limit is the same for every file.
        fixed: whether a person set the limit: nothing raises it.
    """

    name: str
    precision: str
    limit: float
    unit: str
    bound: Literal["at most", "at least"]
    why: str
    times_own_error: float | None = None
    fixed: bool = False

    def __post_init__(self) -> None:
        if not self.why.strip():
            raise ValueError(f"{self.name}: expected a reason for the limit, got none")

    def holds(self, figure: float) -> bool:
        """False for NaN, whatever the bound."""
        return figure <= self.limit if self.bound == "at most" else figure >= self.limit

    def for_own_error(self, error: float) -> "Gate":
        """The gate for a file that is `error` off Keras by itself, in `unit`."""
        return self._at_least((self.times_own_error or 0) * error)

    def for_images(self, count: int) -> "Gate":
        """The gate for so few images that one of them is more than `limit`: it is no evidence."""
        # a difference of two shares is off by a few roundings of 1e-16
        return self._at_least(100 / count + 1e-9 if self.unit == _POINTS and count else 0)

    def _at_least(self, limit: float) -> "Gate":
        # NaN is not more than anything
        return replace(self, limit=limit) if limit > self.limit and not self.fixed else self


GATES: tuple[Gate, ...] = (
    # --- faithfulness: does the runtime compute what the file says? ---
    Gate("runs", ANY, 0, "failures", "at most", "a runtime that gives no answer proves nothing"),
    Gate(
        "tensors",
        ANY,
        0,
        "differing tensors",
        "at most",
        "name, dtype, shape, scale and zero point are copied from file to manifest, never computed",
    ),
    Gate(
        "on-gpu",
        ANY,
        1,
        "programs run by the graphics card",
        "at least",
        "TF.js answers small tensors on the CPU, and LiteRT.js runs a model without WebGPU when "
        "one operation is missing there: right answers that prove nothing about the GPU",
    ),
    Gate(
        "repeat",
        ANY,
        1e-6,
        _OF_LARGEST,
        "at most",
        "the same input twice must give the same answer: known GPU defects are right the first "
        "time only. Not 0, because threads may add up in another order: a few float32 roundings "
        "of 6e-8",
    ),
    Gate(
        "file-images",
        ANY,
        0,
        "grey levels",
        "at most",
        "decode, orient, flatten, fit and resize are integer arithmetic, the same in Python and "
        "JavaScript: one grey level is a bug",
    ),
    Gate(
        "relative",
        FLOAT,
        1e-4,
        _OF_LARGEST,
        "at most",
        "the same float32 graph with sums in another order: each of a few hundred layers rounds "
        "by 6e-8, which grows to some 1e-5 in deep networks",
    ),
    Gate(
        "absolute",
        FLOAT,
        1e-4,
        "probability",
        "at most",
        "what a user sees: a hundredth of a percent of probability changes no shown figure",
    ),
    Gate(
        "presoftmax",
        FLOAT,
        2e-4,
        "of the largest pre-softmax value",
        "at most",
        "softmax hides errors (presoftmax.py). Twice the limit of outputs, because the exp of one "
        "runtime and the log of the comparison round as well",
    ),
    Gate(
        "relative",
        "float16",
        1e-4,
        _OF_LARGEST,
        "at most",
        "weights are stored in float16 and widened exactly; both sides compute in float32",
    ),
    Gate(
        "relative",
        "uint8",
        1e-4,
        _OF_LARGEST,
        "at most",
        "TF.js widens the weights to float32 when it loads them; all arithmetic is float32",
    ),
    Gate(
        "relative",
        HALF,
        2e-2,
        _OF_LARGEST,
        "at most",
        "textures of 16 bits round each layer's output by 2^-11 = 0.0005, which dozens of layers "
        "add up; measured 0.0045 on digits, 0.003 on a ResNet for CIFAR-10, 0.0013 on an LSTM",
    ),
    Gate(
        "absolute",
        HALF,
        2e-2,
        "probability",
        "at most",
        "as `relative`. Pre-softmax values are not judged: probabilities under 6e-8 are zero in "
        "16 bits, and their logarithm says nothing",
    ),
    Gate(
        "relative",
        "dynamic-int8",
        5e-2,
        _OF_LARGEST,
        "at most",
        "activations are quantised on the fly to 8 bits, and kernels may round a value that lies "
        "between two steps either way: 1/255 per layer, in probabilities that sum up to 1",
    ),
    Gate(
        "relative",
        "int8",
        5e-2,
        _OF_LARGEST,
        "at most",
        "only for files with float outputs: as dynamic-int8",
    ),
    Gate(
        "relative",
        "int16x8",
        1e-2,
        _OF_LARGEST,
        "at most",
        "only for files with float outputs: 16-bit activations round by 1/65535 per layer",
    ),
    Gate(
        "steps",
        "int8",
        16,
        _STEPS,
        "at most",
        "kernels may round a half step of a logit either way; a logit's step is 0.1 to 0.25, and a "
        "softmax at one half turns it into a quarter of that: 6 to 16 steps of 1/256. Or twice "
        "what the reference kernels are off Keras on the same inputs: a runtime that is no farther "
        "from Keras is at most so far from them. Deep networks amplify every rounding, the file's "
        "own as well: 50 steps where the reference is off by 48, after 28 layers",
        times_own_error=2,
    ),
    Gate(
        "mean-steps",
        "int8",
        4,
        _STEPS,
        "at most",
        "such roundings are rare: measured 0.14 on the digits test set, 1.5 on the golden files, "
        "which are chosen to be odd. Or twice the reference kernels' own error, as `steps`",
        times_own_error=2,
    ),
    Gate(
        "steps",
        "int16x8",
        64,
        _STEPS,
        "at most",
        "a step is 1/32768: 64 of them are a 500th of the range, half a step of int8",
    ),
    Gate(
        "mean-steps",
        "int16x8",
        8,
        _STEPS,
        "at most",
        "such roundings are rare: measured 0.1 on the digits test set, 0.6 on its golden files",
    ),
    # --- is the reference itself worth comparing with? ---
    Gate(
        "golden-variety",
        ANY,
        2,
        "distinct golden outputs",
        "at least",
        "a model that answers everything alike would agree with any other dead model",
    ),
    Gate(
        "golden-inputs",
        ANY,
        4,
        "distinct golden inputs",
        "at least",
        "copies show nothing new, and one or two inputs miss what only some inputs meet",
    ),
    Gate(
        "golden-reproduced",
        ANY,
        1e-5,
        _OF_LARGEST,
        "at most",
        "the same Keras model on the same inputs: only the batch size and the CPU's vector width "
        "may change the order of sums",
    ),
    Gate(
        "stored-steps",
        ANY,
        1,
        _STEPS,
        "at most",
        "the reference kernels on the same file and the same inputs; one step, because the table "
        "of a softmax comes from the C library's exp",
    ),
    Gate(
        "stored-relative",
        ANY,
        1e-4,
        _OF_LARGEST,
        "at most",
        "as stored-steps, for float outputs: sums in the same order, another exp",
    ),
    Gate(
        "labels", ANY, 0, "differing labels", "at most", "labels are copied from the training run"
    ),
    Gate(
        "label-order",
        ANY,
        0,
        "swapped pairs of labels",
        "at most",
        "a pair counts as swapped where exchanging the two labels would make the reference right "
        "significantly more often (three standard deviations): a weak model is not enough",
    ),
    Gate(
        "heldout-classes",
        ANY,
        2,
        "distinct classes among the labelled images",
        "at least",
        "images of one class cannot tell a right answer from a constant one",
    ),
    Gate(
        "guessing",
        ANY,
        3,
        "standard deviations under guessing",
        "at most",
        "a model that knows nothing is as good as guessing; a significantly worse one has wrong "
        "labels, not bad luck",
    ),
    Gate(
        "weights",
        ANY,
        1,
        "steps of the stored weights",
        "at most",
        "rounding is off by half a step: measured 0.43 to 0.502 on 60 bundles. The other half is "
        "for constants that were folded in another order",
    ),
    # --- cost: what did conversion do to the answers? ---
    Gate("noise", FLOAT, 1e-4, "RMS error / RMS of Keras", "at most", "as `relative`, on average"),
    Gate(
        "noise",
        "float16",
        1e-2,
        "RMS error / RMS of Keras",
        "at most",
        "float16 weights round by 2^-11 = 0.0005 each, at random: they average out",
    ),
    Gate(
        "noise",
        "dynamic-int8",
        0.15,
        "RMS error / RMS of Keras",
        "at most",
        "8-bit weights round by up to 1/254 of a channel's largest, activations as well",
    ),
    Gate(
        "noise",
        "uint8",
        0.15,
        "RMS error / RMS of Keras",
        "at most",
        "one scale for each whole tensor of weights: coarser than one for each channel",
    ),
    Gate(
        "noise",
        "int8",
        0.15,
        "RMS error / RMS of Keras",
        "at most",
        "as dynamic-int8, and the range of activations comes from few calibration images",
    ),
    Gate(
        "noise",
        "int16x8",
        0.1,
        "RMS error / RMS of Keras",
        "at most",
        "8-bit weights as dynamic-int8; 16-bit activations add next to nothing",
    ),
    *(
        Gate("agreement", precision, limit, _SHARE, "at least", why)
        for precision, limit, why in (
            (FLOAT, 0.999, "only exact ties may turn over"),
            ("float16", 0.99, "one near-tie in a hundred may turn over"),
            ("dynamic-int8", 0.95, "near-ties turn over within the noise of 8 bits"),
            ("uint8", 0.95, "near-ties turn over within the noise of 8 bits"),
            ("int8", 0.95, "near-ties turn over within the noise of 8 bits"),
            ("int16x8", 0.95, "near-ties turn over within the noise of 8-bit weights"),
        )
    ),
    *(
        Gate("accuracy-drop", precision, limit, _POINTS, "at most", why)
        for precision, limit, why in (
            (FLOAT, 0.1, "the same answers have the same accuracy"),
            ("float16", 0.5, "what turns over is near a tie, as often to the better"),
            ("dynamic-int8", 2.0, "the usual acceptance limit of 8-bit post-training quantisation"),
            ("uint8", 2.0, "the usual acceptance limit of 8-bit post-training quantisation"),
            ("int8", 2.0, "the usual acceptance limit of 8-bit post-training quantisation"),
            ("int16x8", 1.0, "half of int8: only the weights have 8 bits"),
        )
    ),
    *(
        Gate("confidence-drift", precision, limit, "probability", "at most", why)
        for precision, limit, why in (
            (FLOAT, 1e-4, "as `absolute`, on average"),
            ("float16", 5e-3, "half a percent is below what a page shows"),
            ("dynamic-int8", 0.05, "a threshold set in Keras must still mean the same"),
            ("uint8", 0.05, "a threshold set in Keras must still mean the same"),
            ("int8", 0.05, "a threshold set in Keras must still mean the same"),
            ("int16x8", 0.03, "a threshold set in Keras must still mean the same"),
        )
    ),
)


def gate_for(gates: Iterable[Gate], name: str, precision: str = ANY) -> Gate:
    """The row of that name for that precision.

    Raises:
        LookupError: there is none: a new precision needs its tolerances first.
    """
    for gate in gates:
        if gate.name == name and gate.precision == precision:
            return gate
    raise LookupError(f"expected a limit {name!r} for {precision!r} in gates.py, got none")
