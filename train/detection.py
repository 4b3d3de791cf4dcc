"""Two classes of which one is looked for: what is found at how many false alarms."""

from dataclasses import dataclass

import numpy as np
from sklearn import metrics

_SPECIFICITIES = (0.90, 0.95, 0.99)


@dataclass(frozen=True)
class OperatingPoint:
    """With this threshold on the probability, at least `specificity` of the negatives stay
    negative, and `sensitivity` of the positives are found."""

    specificity: float
    sensitivity: float
    threshold: float


@dataclass(frozen=True)
class Detection:
    """Of the class `positive`.

    Attributes:
        auc: area under the ROC curve.
        average_precision: of the precision-recall curve.
        points: at fixed specificities. The thresholds are read off these very images, so another
            set of images will differ a little.
    """

    positive: str
    n_positive: int
    n_negative: int
    auc: float
    average_precision: float
    points: tuple[OperatingPoint, ...]


def detection_of(
    scores: np.ndarray, labels: np.ndarray, label_names: tuple[str, ...], positive: str
) -> Detection:
    """Of probabilities N x 2 and the true labels N.

    Raises:
        ValueError: not two classes, or images of one of them only.
    """
    found, truth = positive_scores(scores, labels, label_names, positive)
    if len(label_names) != 2 or truth.all() or not truth.any():
        raise ValueError(f"expected images of two classes, got {len(set(labels.tolist()))}")
    false_alarms, sensitivity, thresholds = metrics.roc_curve(truth, found, drop_intermediate=False)
    points = []
    for specificity in _SPECIFICITIES:
        last = int(np.flatnonzero(1 - false_alarms >= specificity)[-1])
        points.append(
            OperatingPoint(
                specificity,
                float(sensitivity[last]),
                # the first threshold is infinite: nothing is called positive
                float(min(thresholds[last], 1.0)),
            )
        )
    return Detection(
        positive=positive,
        n_positive=int(truth.sum()),
        n_negative=int((~truth).sum()),
        auc=float(metrics.roc_auc_score(truth, found)),
        average_precision=float(metrics.average_precision_score(truth, found)),
        points=tuple(points),
    )


def positive_scores(
    scores: np.ndarray, labels: np.ndarray, label_names: tuple[str, ...], positive: str
) -> tuple[np.ndarray, np.ndarray]:
    """The positive class's probabilities, and whether each image is of it."""
    index = label_names.index(positive)
    return scores[:, index].astype(np.float64), labels == index
