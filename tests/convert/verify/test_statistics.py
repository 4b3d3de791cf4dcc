import numpy as np
import pytest

from edgeproof.convert.verify.labelled import evenly_spaced
from edgeproof.convert.verify.statistics import (
    accuracy,
    agreement,
    confidence_drift,
    swapped_pairs,
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
