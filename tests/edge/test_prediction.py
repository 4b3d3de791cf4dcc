"""Predictions: scores in order, as many as asked for, and nothing that is no number."""

import numpy as np
import pytest

from edgeproof.edge.errors import ModelFailed
from edgeproof.edge.prediction import Prediction, Score

LABELS = ("ant", "bee", "cat", "dog")
ROW = np.array([0.25, 0.5, 0.0, 0.25], np.float32)


def test_most_probable_first_and_ties_in_the_labels_order() -> None:
    prediction = Prediction(ROW, LABELS)
    assert (prediction.label, prediction.probability) == ("bee", 0.5)
    assert prediction.scores == (
        Score("bee", 0.5),
        Score("ant", 0.25),
        Score("dog", 0.25),
        Score("cat", 0.0),
    )


def test_as_many_scores_as_were_asked_for() -> None:
    assert [s.label for s in Prediction(ROW, LABELS, top_k=2).scores] == ["bee", "ant"]
    assert len(Prediction(ROW, LABELS, top_k=9).scores) == 4


def test_equality_is_that_of_the_scores() -> None:
    assert Prediction(ROW, LABELS) == Prediction(ROW.copy(), LABELS)
    assert hash(Prediction(ROW, LABELS)) == hash(Prediction(ROW.copy(), LABELS))
    assert Prediction(ROW, LABELS) != Prediction(ROW, LABELS, top_k=1)
    assert Prediction(ROW, LABELS) != "bee"
    assert repr(Prediction(ROW, LABELS)) == "Prediction(label='bee', probability=0.5)"


def test_nan_is_no_probability() -> None:
    row = np.array([0.1, np.nan, 0.9, 0.0], np.float32)
    with pytest.raises(ModelFailed, match="expected a probability of bee, got NaN"):
        Prediction(row, LABELS)
