import numpy as np
import pytest

from edgeproof.convert.verify.labelled import evenly_spaced
from edgeproof.convert.verify.statistics import (
    accuracy,
    agreement,
    calibration_error,
    confidence_drift,
    swapped_pairs,
    top_agreement,
    wilson,
)


def test_wilson_interval_of_the_textbook() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_wilson_interval_stays_within_zero_and_one() -> None:
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0


def test_accuracy_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        accuracy(np.array([], dtype=int), np.array([], dtype=int))


def test_accuracy_and_agreement() -> None:
    found = accuracy(np.array([1, 2, 3, 0]), np.array([1, 2, 3, 3]))
    assert (found.value, found.n) == (0.75, 4)
    scores = np.eye(4)
    assert agreement(scores, scores[[0, 1, 3, 2]]) == 0.5


def test_drift_follows_the_label_that_the_reference_chose() -> None:
    expected, got = np.array([[0.9, 0.1]]), np.array([[0.6, 0.4]])
    assert confidence_drift(expected, got) == pytest.approx(0.3)


def test_swapped_labels_are_found_and_a_weak_model_is_not_accused() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 30)
    swapped = np.array([0, 2, 1, 3])[labels]
    assert swapped_pairs(swapped, labels, 4) == [(1, 2)]
    assert swapped_pairs(random.permutation(labels), labels, 4) == []
    assert swapped_pairs(labels, labels, 4) == []


def test_evenly_spaced_rows_are_distinct_and_reach_over_the_whole() -> None:
    assert evenly_spaced(10, None).tolist() == list(range(10))
    assert evenly_spaced(10, 4).tolist() == [0, 2, 5, 7]
    assert evenly_spaced(3, 9).tolist() == [0, 1, 2]


def test_the_reference_label_among_the_most_probable() -> None:
    expected = np.array([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1]])
    got = np.array([[0.5, 0.1, 0.4], [0.0, 0.6, 0.4]])
    assert top_agreement(expected, got, 1) == agreement(expected, got) == 0.0
    assert top_agreement(expected, got, 2) == 0.5
    assert top_agreement(expected, got, 3) == 1.0


def test_a_model_that_answers_all_labels_alike_does_not_agree_with_everything() -> None:
    assert top_agreement(np.eye(10), np.full((10, 10), 0.1), 5) == 0.5


def test_calibration_error_by_hand() -> None:
    # three images at 0.9, of which two are right, and one right one at 0.6:
    # 3/4 |2/3 - 0.9| + 1/4 |1 - 0.6|
    scores = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.4, 0.6]])
    found = calibration_error(scores, np.array([0, 1, 1, 1]))
    assert found == pytest.approx(0.75 * (0.9 - 2 / 3) + 0.25 * 0.4)


def test_sure_and_right_is_calibrated_and_sure_and_wrong_is_not() -> None:
    assert calibration_error(np.eye(3), np.arange(3)) == 0.0
    assert calibration_error(np.eye(3), np.array([1, 2, 0])) == 1.0


def test_errors_within_a_bin_cancel_and_those_of_two_bins_do_not() -> None:
    # 0.55 and 0.59 lie in (8/15, 9/15]; 0.61 in the next
    same = np.array([[0.55, 0.45], [0.59, 0.41]])
    apart = np.array([[0.55, 0.45], [0.61, 0.39]])
    labels = np.array([0, 1])
    assert calibration_error(same, labels) == pytest.approx((0.45 - 0.59) / -2)
    assert calibration_error(apart, labels) == pytest.approx((0.45 + 0.61) / 2)


def test_calibration_error_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one label"):
        calibration_error(np.empty((0, 3)), np.array([], dtype=int))
