"""A recipe's knobs from the command line."""

import pytest

from edgeproof.edge.errors import UsageError
from edgeproof.train.knobs import with_knobs
from edgeproof.train.recipes import recipe_named

DIGITS = recipe_named("digits")


def test_knobs_of_both_kinds_get_values_of_their_types() -> None:
    changed = with_knobs(
        DIGITS, ("batch_size=64", "average=0.99", "mirror=true", "mixup=0.2", "patience=3")
    )
    assert (changed.schedule.batch_size, changed.schedule.average) == (64, 0.99)
    assert changed.schedule.patience == 3
    assert (changed.augmentation.mirror, changed.augmentation.mixup) == (True, 0.2)
    assert changed.schedule.learning_rate == DIGITS.schedule.learning_rate
    assert changed.augmentation.shift == DIGITS.augmentation.shift


def test_the_last_value_counts_and_none_takes_a_knob_away() -> None:
    changed = with_knobs(DIGITS, ("average=0.99", "average=none", "shift=2", "shift=3"))
    assert (changed.schedule.average, changed.augmentation.shift) == (None, 3)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("mixupp=0", "got 'mixupp'; did you mean mixup"),
        ("mixup", "--set mixup: expected a number (float), got ''"),
        ("batch_size=1.5", "expected a number (int), got '1.5'"),
        ("mirror=1", "expected true or false, got '1'"),
        ("patience=soon", "expected a number (int) or none, got 'soon'"),
        ("learning_rate=nan", "expected a finite number from 0, got 'nan'"),
        ("learning_rate=inf", "expected a finite number from 0"),
        ("batch_size=0", "--set batch_size: expected at least 1, got '0'"),
        ("epochs=0", "--set epochs: expected at least 1, got '0'"),
        ("average=1", "--set average: expected less than 1, got '1'"),
        ("noise=-1", "expected a finite number from 0, got '-1'"),
    ],
)
def test_what_is_no_knob_or_no_value_of_it(setting: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        with_knobs(DIGITS, (setting,))
    assert message in str(error.value)
