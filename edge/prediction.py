"""What a classifier answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeproof.edge.errors import ModelFailed


@dataclass(frozen=True)
class Score:
    """A label and its probability."""

    label: str
    probability: float


class Prediction:
    """The labels of one picture, most probable first. Equal to another with the same scores.

    Scores are sorted when they are asked for: making 1,000 of them takes longer than 3 % of a
    MobileNet, and most callers read `label` alone.
    """

    __slots__ = ("_best", "_labels", "_row", "_scores", "_top_k")

    def __init__(self, row: np.ndarray, labels: Sequence[str], top_k: int = 0) -> None:
        """
        Args:
            row: one probability per label.
            top_k: how many scores to give; 0 for all.

        Raises:
            ModelFailed: the largest probability is no number.
        """
        self._row = row
        self._labels = labels
        self._top_k = top_k
        self._best = int(row.argmax())  # the first NaN, where there is one
        self._scores: tuple[Score, ...] | None = None
        if row[self._best] != row[self._best]:
            raise ModelFailed(f"expected a probability of {self.label}, got NaN")

    @property
    def label(self) -> str:
        """The most probable label."""
        return self._labels[self._best]

    @property
    def probability(self) -> float:
        """Its probability."""
        return float(self._row[self._best])

    @property
    def scores(self) -> tuple[Score, ...]:
        """The labels with their probabilities, most probable first, as many as were asked for."""
        if self._scores is None:
            if self._top_k == 1:
                order = [self._best]
            else:
                order = np.argsort(-self._row, kind="stable")[: self._top_k or None].tolist()
            self._scores = tuple(Score(self._labels[i], float(self._row[i])) for i in order)
        return self._scores

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Prediction):
            return NotImplemented
        return self.scores == other.scores

    def __hash__(self) -> int:
        return hash(self.scores)

    def __repr__(self) -> str:
        return f"Prediction(label={self.label!r}, probability={self.probability:.4g})"
