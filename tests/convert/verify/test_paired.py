import math

import numpy as np
import pytest

from edgeproof.convert.verify.paired import mcnemar, paired_change


@pytest.mark.parametrize(
    ("lost", "gained", "p_value"),
    [
        (0, 0, 1.0),
        (4, 4, 1.0),
        (1, 0, 1.0),  # 2 * 1/2
        (5, 0, 2 / 32),
        (0, 6, 2 / 64),
        (8, 2, 2 * (1 + 10 + 45) / 1024),
    ],
)
def test_p_value_by_hand(lost: int, gained: int, p_value: float) -> None:
    assert mcnemar(lost, gained) == pytest.approx(p_value, rel=1e-12)
    assert mcnemar(gained, lost) == mcnemar(lost, gained)


def test_p_value_of_the_textbook() -> None:
    # Agresti, Categorical Data Analysis, table 10.1: 150 and 86 turned over, McNemar's z = 4.17
    assert mcnemar(150, 86) == pytest.approx(3.7e-5, rel=0.02)
    normal = math.erfc(4.17 / math.sqrt(2))
    assert mcnemar(150, 86) == pytest.approx(normal, rel=0.3)


def test_thousands_of_images_neither_overflow_nor_vanish() -> None:
    assert mcnemar(5000, 5000) == 1.0
    assert 0 < mcnemar(3000, 2500) < 1e-10
    assert mcnemar(9000, 0) == 0.0  # 2^-8999: less than the smallest float


def test_only_images_that_turned_over_count() -> None:
    labels = np.array([0, 1, 2, 3, 4, 5])
    before = np.array([0, 1, 2, 0, 0, 0])
    after = np.array([0, 0, 0, 3, 1, 0])  # 1 and 2 lost, 3 gained, 4 wrong in another way
    found = paired_change(before, after, labels)
    assert (found.lost, found.gained) == (2, 1)
    assert found.p_value == 1.0


def test_nothing_to_pair_is_an_error() -> None:
    none = np.array([], dtype=int)
    with pytest.raises(ValueError, match="at least one label"):
        paired_change(none, none, none)
    with pytest.raises(ValueError, match="expected two predictions per label"):
        paired_change(np.array([1]), np.array([1, 2]), np.array([1, 2]))
