import numpy as np
import pytest

from edgeproof.convert.verify.spread import error_spread


def test_spread_by_hand() -> None:
    expected = np.arange(1, 102, dtype=np.float64)  # the largest is 101
    got = expected + np.arange(101) / 10  # errors 0, 0.1, ... 10
    found = error_spread([(expected, got)])
    assert found is not None
    assert found.values == 101
    assert (found.max_absolute, found.mean_absolute) == pytest.approx((10, 5))
    assert found.p99_absolute == pytest.approx(9.9)
    assert found.max_relative == pytest.approx(10 / 101)
    assert (found.mean_relative, found.p99_relative) == pytest.approx((5 / 101, 9.9 / 101))


def test_each_output_is_relative_to_its_own_largest_value() -> None:
    small, large = np.array([0.0, 1.0]), np.array([0.0, 100.0])
    found = error_spread([(small, small + 0.5), (large, large + 1)])
    assert found is not None
    assert (found.max_absolute, found.max_relative) == (1.0, 0.5)


@pytest.mark.parametrize("got", [np.array([np.nan, 1.0]), np.array([1.0]), np.array([np.inf, 1.0])])
def test_no_figures_where_nothing_can_be_compared(got: np.ndarray) -> None:
    fine = np.array([0.5, 1.0])
    assert error_spread([(fine, fine), (fine, got)]) is None
    assert error_spread([]) is None


def test_steps_are_those_of_each_output() -> None:
    fine, coarse = np.array([0.0, 1.0]), np.array([0.0, 8.0])
    pairs = [(fine, fine + 0.25), (coarse, coarse + 2)]
    found = error_spread(pairs, [0.25, 1.0])
    assert found is not None
    assert (found.max_steps, found.mean_steps) == (2.0, 1.5)
    assert found.p99_steps == pytest.approx(2.0)


def test_no_steps_where_an_output_has_none() -> None:
    values = np.array([0.0, 1.0])
    for scales in ((), (0.25, None)):
        found = error_spread([(values, values), (values, values)], scales)
        assert found is not None
        assert (found.max_steps, found.mean_steps, found.p99_steps) == (None, None, None)
