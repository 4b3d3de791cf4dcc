"""The figures of metrics.json."""

import numpy as np
import pytest

from edgeproof.train.calibration import calibration_of
from edgeproof.train.detection import detection_of
from edgeproof.train.evaluate import Confusion, evaluated, scored, wilson_interval
from edgeproof.train.groups import spread_of
from edgeproof.train.mistakes import worst_mistakes


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
        assert len(batch) <= 512
        return np.eye(3, dtype=np.float32)[batch[:, 0, 0, 0].astype(int)]


def test_counts_per_class() -> None:
    called = np.array([0, 0, 1, 1, 1, 2] * 200)
    truth = np.array([0, 0, 0, 1, 1, 1] * 200)
    images = np.zeros((1200, 2, 2, 1), dtype=np.uint8)
    images[:, 0, 0, 0] = called
    scores = scored(_SaysTheFirstPixel(), images)  # type: ignore[arg-type]
    result = evaluated(scores, truth, ("a", "b", "c"))
    assert result.confusion == ((400, 200, 0), (0, 400, 200), (0, 0, 0))
    assert result.confused == (Confusion("a", "b", 200), Confusion("b", "c", 200))
    assert (result.n, result.accuracy) == (1200, pytest.approx(4 / 6))
    assert [c.n for c in result.per_class] == [600, 600, 0]
    assert [c.recall for c in result.per_class] == pytest.approx([2 / 3, 2 / 3, 0])
    assert [c.precision for c in result.per_class] == pytest.approx([1, 2 / 3, 0])
    # certain and right two times in three
    assert result.calibration.ece == pytest.approx(1 / 3)


def test_large_images_are_looked_at_few_at_a_time() -> None:
    sizes = []

    class Counts:
        def predict_on_batch(self, batch: np.ndarray) -> np.ndarray:
            sizes.append((len(batch), batch.nbytes))
            return batch[:, 0, 0, :2]

    # one image, seen 14 times: 12 MB each as float32
    images = np.broadcast_to(np.ones((1, 1024, 1024, 3), np.uint8), (14, 1024, 1024, 3))
    assert scored(Counts(), images).shape == (14, 2)  # type: ignore[arg-type]
    assert [n for n, _ in sizes] == [5, 5, 4]
    assert max(size for _, size in sizes) <= 2**26


def test_ten_thousand_classes_need_no_matrix() -> None:
    classes = 10_000
    labels = np.arange(classes)
    scores = np.zeros((classes, classes), dtype=np.float32)
    scores[labels, np.where(labels < 5, 7, labels)] = 1
    result = evaluated(scores, labels, tuple(map(str, labels)))
    assert result.confusion is None
    assert result.accuracy == 1 - 5 / classes
    assert [(c.truth, c.called) for c in result.confused] == [(str(i), "7") for i in range(5)]
    assert result.per_class[7].precision == pytest.approx(1 / 6)


def test_calibration_error_of_known_scores() -> None:
    # of 60 % sure answers half are right, of 90 % sure ones all: (0.1 * 10 + 0.1 * 20) / 30
    sure = np.repeat([0.6, 0.9], [10, 20])
    right = np.array([True, False] * 5 + [True] * 20)
    scores = np.stack([sure, 1 - sure], axis=1)
    result = calibration_of(scores, np.where(right, 0, 1))
    assert result.ece == pytest.approx(0.1)
    assert [(b.n, b.accuracy) for b in result.bins] == [(10, 0.5), (20, 1.0)]
    for b, confidence in zip(result.bins, (0.6, 0.9), strict=True):
        assert b.confidence == pytest.approx(confidence)
        assert b.low < confidence <= b.high + 1e-9


def test_detection_of_known_scores() -> None:
    # ten negatives at 0.0 to 0.9, positives at 0.85 (one negative is above it) and 0.95
    found = np.concatenate([np.arange(10) / 10, [0.85, 0.95]])
    labels = np.array([1] * 10 + [0] * 2)
    result = detection_of(np.stack([found, 1 - found], axis=1), labels, ("ill", "well"), "ill")
    assert (result.n_positive, result.n_negative) == (2, 10)
    assert result.auc == pytest.approx(19 / 20)
    assert [p.sensitivity for p in result.points] == [1.0, 0.5, 0.5]
    assert [p.threshold for p in result.points] == pytest.approx([0.85, 0.95, 0.95])
    with pytest.raises(ValueError, match="expected images of two classes, got 1"):
        detection_of(np.ones((3, 2)) / 2, np.zeros(3, dtype=int), ("ill", "well"), "ill")


def test_the_spread_of_groups_is_wider_than_the_binomial_where_groups_differ() -> None:
    groups = np.repeat([f"g{i}" for i in range(20)], 50)
    alike = np.tile(np.arange(50) < 45, 20)
    result = spread_of(alike, groups)
    assert result.interval_95 == pytest.approx((0.9, 0.9))  # every group 90 %: nothing to draw
    differing = np.repeat(np.arange(20) >= 2, 50)  # two groups all wrong
    result = spread_of(differing, groups)
    low, high = result.interval_95
    assert low < wilson_interval(900, 1000)[0] - 0.05
    assert high > wilson_interval(900, 1000)[1] + 0.02
    assert [g.accuracy for g in result.groups[:3]] == [0, 0, 1]
    assert result.quartiles == (1, 1, 1)


def test_worst_mistakes_are_the_surest_and_are_mistakes() -> None:
    scores = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)
    worst = worst_mistakes(scores, np.array([1, 1, 1, 0]), ("a", "b"), images)
    assert [int(m.image[0, 0, 0]) for m in worst] == [0, 3, 1]
    assert [(m.truth, m.called, m.confidence) for m in worst] == [
        ("b", "a", 0.9),
        ("a", "b", 0.7),
        ("b", "a", 0.6),
    ]
