"""What is chosen on, confirmed on, calibrated with and carried: never the same sample twice."""

import numpy as np
import pytest

from edgeproof.convert.calibration import Calibration
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.golden import GoldenInputs, HeldOutImages
from edgeproof.convert.rescue.division import divided, with_held_back
from edgeproof.edge.contract import InputContract

CONTRACT = InputContract(2, 2, "gray")


def images(count: int, first: int = 0) -> np.ndarray:
    """Each with its number in every pixel."""
    numbers = np.arange(first, first + count, dtype=np.uint8)
    return np.broadcast_to(numbers[:, None, None, None], (count, 2, 2, 1)).copy()


def numbers(array: np.ndarray) -> set[int]:
    return set(map(int, array[:, 0, 0, 0]))


def calibration(count: int) -> Calibration:
    stored = images(count, 100)
    return Calibration((stored.astype(np.float32),), stored, f"{count} of {count} images")


def heldout(count: int) -> HeldOutImages:
    return HeldOutImages(images(count), np.arange(count, dtype=np.int64), 1000)


def test_one_half_of_the_heldout_images_chooses_and_the_bundle_carries_the_other() -> None:
    data = divided(heldout(41), calibration(30), CONTRACT, "auto", seed=1)

    assert data.samples is not None
    choosing, confirming = data.samples.choosing, data.samples.confirming
    assert choosing is not None
    assert data.heldout is not None
    some, rest = numbers(choosing.stored[0]), numbers(confirming.stored[0])
    assert (len(some), len(rest)) == (20, 21)
    assert some | rest == set(range(41))
    assert numbers(data.heldout.images) == rest
    assert data.heldout.total == 1000
    for samples in (choosing, confirming):
        assert samples.labels is not None
        assert numbers(samples.stored[0]) == set(map(int, samples.labels))
    assert choosing.source == "20 of 41 held-out images"
    assert confirming.source == "the other 21 of 41 held-out images"
    # calibration is left alone
    assert data.calibration is not None
    assert len(data.calibration) == 30


def test_without_heldout_images_a_quarter_is_held_back_from_calibration() -> None:
    data = divided(None, calibration(40), CONTRACT, "auto", seed=1)

    assert data.samples is not None
    assert data.samples.choosing is not None
    assert data.calibration is not None
    assert data.calibration.images is not None
    parts = [
        numbers(data.samples.choosing.stored[0]),
        numbers(data.samples.confirming.stored[0]),
        numbers(data.calibration.images),
    ]
    assert [len(part) for part in parts] == [5, 5, 30]
    assert set.union(*parts) == set(range(100, 140))
    np.testing.assert_array_equal(data.calibration.arrays[0], data.calibration.images)
    assert data.calibration.description.endswith("10 of them held back for --keep-float")
    assert data.samples.confirming.labels is None


def test_as_many_are_read_as_leave_the_limit_for_calibration() -> None:
    count = with_held_back(256)
    data = divided(None, calibration(count), CONTRACT, "auto", seed=0)
    assert data.calibration is not None
    assert len(data.calibration) == 256


def test_named_layers_choose_nothing() -> None:
    data = divided(heldout(40), calibration(30), CONTRACT, ("conv",), seed=1)

    assert data.samples is not None
    assert data.samples.choosing is None
    assert len(data.samples.confirming) == 40
    assert data.heldout is not None
    assert len(data.heldout.images) == 40


def test_without_keep_float_nothing_is_touched() -> None:
    held, samples = heldout(40), calibration(30)
    data = divided(held, samples, CONTRACT, None, seed=1)
    assert data.heldout is held
    assert data.calibration is samples
    assert data.samples is None


def test_golden_inputs_are_the_last_resort() -> None:
    data = divided(None, None, None, "auto", seed=1)
    arrays = (np.arange(32.0)[:, None],)
    measured_on = data.measured_on(GoldenInputs("synthetic", arrays, arrays))
    assert measured_on.choosing is not None
    assert measured_on.choosing.source == "16 of 32 golden inputs (synthetic)"
    both = (measured_on.choosing.stored[0], measured_on.confirming.stored[0])
    np.testing.assert_array_equal(np.concatenate(both), arrays[0])


@pytest.mark.parametrize("held", [heldout(15), None])
def test_too_few_to_say_anything(held: HeldOutImages | None) -> None:
    with pytest.raises(ConvertError, match=r"expected at least 16 .*, got 15; give more"):
        divided(held, calibration(15), CONTRACT, "auto", seed=1)
