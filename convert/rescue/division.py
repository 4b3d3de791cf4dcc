"""What layers are chosen on, and what the choice is confirmed on: never the same, never what int8
was calibrated on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from edgeproof.convert.calibration import Calibration
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import Trace
from edgeproof.convert.golden import GoldenInputs, HeldOutImages
from edgeproof.convert.options import KeepFloat
from edgeproof.convert.rescue.samples import Samples
from edgeproof.edge.contract import InputContract

# fewer samples say nothing about a share: of 8 one is 12.5 points
_FEWEST = 16
# one of so many calibration samples, where there are no held-out images
_HELD_BACK = 4


@dataclass(frozen=True)
class MeasuredOn:
    """Samples to hold gates against.

    Attributes:
        choosing: what layers are chosen on; None where the user names them and nothing is chosen.
        confirming: what the result is measured on.
    """

    choosing: Samples | None
    confirming: Samples

    def answered(self, traced: Trace, batch: int | None) -> MeasuredOn:
        """The same with Keras' outputs; `batch` is the one that is built into the model, if any."""
        choosing = None if self.choosing is None else self.choosing.answered(traced, batch)
        return MeasuredOn(choosing, self.confirming.answered(traced, batch))


@dataclass(frozen=True)
class Division:
    """The data of one conversion.

    Attributes:
        keep_float: what the user wants in float.
        contract: of image models.
        calibration: what is left to calibrate with.
        heldout: the labelled images that choose nothing, for the bundle to carry.
        samples: None where nothing is kept in float, or only golden inputs can measure it.
    """

    keep_float: KeepFloat | None
    contract: InputContract | None
    calibration: Calibration | None
    heldout: HeldOutImages | None
    samples: MeasuredOn | None = None

    def measured_on(self, golden: GoldenInputs) -> MeasuredOn:
        """The samples, or the golden inputs where there are none: dynamic-int8, not calibrated."""
        if self.samples is not None:
            return self.samples
        words = f"{len(golden.stored[0])} golden inputs ({golden.source})"
        everything = Samples(words, golden.stored, self.contract)
        return _measured_on(everything, words, self.keep_float)


def divided(
    heldout: HeldOutImages | None,
    calibration: Calibration | None,
    contract: InputContract | None,
    keep_float: KeepFloat | None,
    *,
    seed: int,
) -> Division:
    """Held-out images in halves, or else a quarter of the calibration samples held back.

    Where the user names the layers nothing is chosen, and all of it measures.

    Raises:
        ConvertError: too few to say anything.
    """
    rest = Division(keep_float, contract, calibration, heldout)
    if keep_float is None or (heldout is None and calibration is None):
        return rest
    rng = np.random.default_rng(seed)
    if heldout is not None:
        return _of_heldout(rest, heldout, rng)
    assert calibration is not None
    return _of_calibration(rest, calibration, rng)


def with_held_back(limit: int) -> int:
    """How many calibration samples to read so that `limit` are left when some are held back."""
    return limit * _HELD_BACK // (_HELD_BACK - 1)


def _of_heldout(rest: Division, heldout: HeldOutImages, rng: np.random.Generator) -> Division:
    count = len(heldout.images)
    _check_enough(count, "held-out images in the run")
    # a random order, so that a set sorted by class keeps its classes in each half
    order = rng.permutation(count)
    images, labels = heldout.images[order], heldout.labels[order]
    words = f"{count} held-out images"
    everything = Samples(words, (images,), rest.contract, labels)
    samples = _measured_on(everything, words, rest.keep_float)
    if samples.choosing is None:
        return dataclasses.replace(rest, samples=samples)
    carried = samples.confirming
    assert carried.labels is not None
    kept = HeldOutImages(carried.stored[0], carried.labels, heldout.total)
    return dataclasses.replace(rest, samples=samples, heldout=kept)


def _of_calibration(rest: Division, calibration: Calibration, rng: np.random.Generator) -> Division:
    count = len(calibration)
    _check_enough(count, "calibration samples, of which some are held back")
    order = rng.permutation(count)
    back, left = order[: count // _HELD_BACK], np.sort(order[count // _HELD_BACK :])
    words = f"{len(back)} samples held back from calibration"
    stored = calibration.arrays if calibration.images is None else (calibration.images,)
    everything = Samples(words, tuple(array[back] for array in stored), rest.contract)
    remaining = Calibration(
        tuple(array[left] for array in calibration.arrays),
        None if calibration.images is None else calibration.images[left],
        f"{calibration.description}, {len(back)} of them held back for --keep-float",
    )
    samples = _measured_on(everything, words, rest.keep_float)
    return dataclasses.replace(rest, samples=samples, calibration=remaining)


def _measured_on(everything: Samples, words: str, keep_float: KeepFloat | None) -> MeasuredOn:
    """Halves where layers have to be chosen, all of it where they are named."""
    if keep_float != "auto":
        return MeasuredOn(None, everything)
    half = len(everything) // 2
    return MeasuredOn(
        everything.part(slice(half), f"{half} of {words}"),
        everything.part(slice(half, None), f"the other {len(everything) - half} of {words}"),
    )


def _check_enough(count: int, what: str) -> None:
    if count < _FEWEST:
        raise ConvertError(
            f"expected at least {_FEWEST} {what} to measure --keep-float on, got {count}; give more"
        )
