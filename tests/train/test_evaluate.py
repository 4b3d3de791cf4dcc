"""The figures of metrics.json."""

import numpy as np
import pytest

from edgeproof.train.evaluate import evaluated, wilson_interval


@pytest.mark.parametrize(("right", "n"), [(81, 263), (0, 10), (10, 10), (9916, 10_000)])
def test_wilson_interval(right: int, n: int) -> None:
    # its definition: the shares x that lie 1.96 of their own standard deviations from the observed
    p, z2 = right / n, 1.959963984540054**2
    roots = sorted(np.roots([1 + z2 / n, -(2 * p + z2 / n), p * p]))
    assert wilson_interval(right, n) == pytest.approx(roots, abs=1e-9)


def test_wilson_interval_as_published() -> None:
    # Newcombe, Statistics in Medicine 17, 1998, table I: 81 of 263
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@pytest.mark.parametrize(("right", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_no_interval_of_nothing(right: int, n: int) -> None:
    with pytest.raises(ValueError, match="expected 0 <= right <= n"):
        wilson_interval(right, n)


class _SaysTheFirstPixel:
    """A stand-in for a model: certain of the class that the first pixel names."""

    def predict_on_batch(self, batch: np.ndarray) -> np.ndarray:
        assert batch.dtype == np.float32
        return np.eye(3, dtype=np.float32)[batch[:, 0, 0, 0].astype(int)]


def test_counts_per_class() -> None:
    called = np.array([0, 0, 1, 1, 1, 2] * 200)
    truth = np.array([0, 0, 0, 1, 1, 1] * 200)
    images = np.zeros((1200, 2, 2, 1), dtype=np.uint8)
    images[:, 0, 0, 0] = called
    result = evaluated(_SaysTheFirstPixel(), images, truth, ("a", "b", "c"))  # type: ignore[arg-type]
    assert result.confusion == ((400, 200, 0), (0, 400, 200), (0, 0, 0))
    assert (result.n, result.accuracy) == (1200, pytest.approx(4 / 6))
    assert [c.n for c in result.per_class] == [600, 600, 0]
    assert [c.recall for c in result.per_class] == pytest.approx([2 / 3, 2 / 3, 0])
    assert [c.precision for c in result.per_class] == pytest.approx([1, 2 / 3, 0])
