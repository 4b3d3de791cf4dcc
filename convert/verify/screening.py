"""Figures of tests with two outcomes (infected or not): what a screening programme asks for."""

from dataclasses import dataclass

import numpy as np

from edgeproof.convert.verify.statistics import Accuracy, accuracy
from edgeproof.edge.errors import UsageError, did_you_mean
from edgeproof.edge.manifest import Manifest


@dataclass(frozen=True)
class Screening:
    """How well one label, the positive one, is told from the other.

    Attributes:
        positive, negative: the labels' names; positive is the one that screening looks for.
        roc_auc: probability that a positive image scores higher than a negative one.
        sensitivity: share of the positive images that are recognised, with its interval.
        specificity: share of the negative images that are recognised, with its interval.
    """

    positive: str
    negative: str
    roc_auc: float
    sensitivity: Accuracy
    specificity: Accuracy


def positive_label(manifest: Manifest, named: str | None = None) -> int | None:
    """Index of the positive label of a model of two labels; None for every other model.

    A single sigmoid unit scores the second label, which is then the positive one. A pair of scores
    has no such unit: there the first label is, as in Parasitized and Uninfected. `named`
    (`--positive`) says otherwise; exchanging the labels exchanges sensitivity and specificity, and
    leaves ROC-AUC as it is.

    Raises:
        UsageError: a name that is no label, or a model without exactly two labels.
    """
    labels = manifest.labels
    if len(labels) != 2 or manifest.output.scores == "values":
        if named is not None:
            raise UsageError(
                f"expected a classifier of two labels for --positive, got {len(labels)} labels"
            )
        return None
    if named is not None:
        if named not in labels:
            raise UsageError(
                f"expected --positive {' or '.join(labels)}, got {named!r}"
                f"{did_you_mean(named, labels)}"
            )
        return labels.index(named)
    units = manifest.model_outputs[0].shape[-1]
    return 1 if manifest.output.scores == "sigmoid" and units == 1 else 0


def screening(
    scores: np.ndarray, labels: np.ndarray, names: tuple[str, ...], positive: int
) -> Screening | None:
    """Figures at the threshold that classification uses, the more probable label (0.5 of two).

    Args:
        scores: probabilities, N x 2.
        labels: class indices, N.

    Returns:
        None where the images show one of the labels only.
    """
    predicted, is_positive = scores.argmax(axis=1), labels == positive
    if is_positive.all() or not is_positive.any():
        return None
    return Screening(
        positive=names[positive],
        negative=names[1 - positive],
        roc_auc=roc_auc(scores[:, positive], is_positive),
        sensitivity=accuracy(predicted[is_positive], labels[is_positive]),
        specificity=accuracy(predicted[~is_positive], labels[~is_positive]),
    )


def roc_auc(scores: np.ndarray, is_positive: np.ndarray) -> float:
    """Area under the ROC curve from ranks: `(R - m (m + 1) / 2) / (m n)`, ties at their mean rank.

    R is the sum of the m positives' ranks among all m + n scores: the Mann-Whitney U statistic (J.
    A. Hanley and B. J. McNeil, Radiology 143, 1982). Ties count one half: int8 scores have 256
    values and many of them.

    Raises:
        ValueError: no positive or no negative.
    """
    m, n = int(np.count_nonzero(is_positive)), int(np.count_nonzero(~is_positive))
    if m == 0 or n == 0:
        raise ValueError(f"expected positives and negatives, got {m} and {n}")
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    ranks = (last - (sizes - 1) / 2)[group.ravel()]
    return float((ranks[is_positive].sum() - m * (m + 1) / 2) / (m * n))
