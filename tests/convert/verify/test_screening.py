import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgeproof.convert.verify.screening import positive_label, roc_auc, screening
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import UsageError
from edgeproof.edge.manifest import Manifest, Output, TensorSpec


def test_area_by_hand() -> None:
    # pairs (positive, negative): 0.8 beats 0.6 and 0.1, 0.4 beats 0.1 only: 3 of 4
    scores, positive = np.array([0.1, 0.4, 0.6, 0.8]), np.array([False, True, False, True])
    assert roc_auc(scores, positive) == 0.75
    assert roc_auc(-scores, positive) == 0.25


def test_ties_count_one_half() -> None:
    positive = np.array([True, True, False, False])
    assert roc_auc(np.ones(4), positive) == 0.5
    # 0.5 ties with one of the two, 0.9 beats both: (0.5 + 1 + 2) / 4, whatever the order
    scores = np.array([0.5, 0.9, 0.5, 0.2])
    assert roc_auc(scores, positive) == 0.875
    assert roc_auc(scores[::-1], positive[::-1]) == 0.875


def test_area_is_that_of_scikit_learn_on_scores_of_8_bits() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(3)
    positive = random.random(500) < 0.3
    scores = np.round(random.normal(positive, 1.5) * 20) / 256
    assert roc_auc(scores, positive) == pytest.approx(metrics.roc_auc_score(positive, scores))


def test_no_area_without_both_labels() -> None:
    with pytest.raises(ValueError, match="got 0 and 3"):
        roc_auc(np.arange(3.0), np.zeros(3, bool))
    scores = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert screening(scores, np.array([1, 1]), ("a", "b"), 0) is None


def test_sensitivity_and_specificity_name_their_labels() -> None:
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7], [0.6, 0.4]])
    labels = np.array([0, 0, 0, 1, 1])
    found = screening(scores, labels, ("ill", "well"), 0)
    assert found is not None
    assert (found.positive, found.negative) == ("ill", "well")
    assert (found.sensitivity.value, found.sensitivity.n) == (pytest.approx(2 / 3), 3)
    assert (found.specificity.value, found.specificity.n) == (0.5, 2)
    turned = screening(scores, labels, ("ill", "well"), 1)
    assert turned is not None
    assert (turned.sensitivity, turned.specificity) == (found.specificity, found.sensitivity)
    assert turned.roc_auc == pytest.approx(found.roc_auc)


@pytest.fixture
def manifest(digits_bundle: Path) -> Manifest:
    return Bundle.open(digits_bundle).manifest


def test_positive_label(manifest: Manifest) -> None:
    assert positive_label(manifest) is None
    with pytest.raises(UsageError, match="two labels for --positive, got 10 labels"):
        positive_label(manifest, "7")
    pair = dataclasses.replace(manifest, labels=("ill", "well"))
    assert positive_label(pair) == 0
    assert positive_label(pair, "well") == 1
    with pytest.raises(UsageError, match=r"--positive ill or well, got 'wel'; did you mean well\?"):
        positive_label(pair, "wel")
    unit = TensorSpec("y", "float32", (None, 1))
    single = dataclasses.replace(pair, output=Output("sigmoid"), model_outputs=(unit,))
    assert positive_label(single) == 1
