"""The wrong answers that a model was surest of: what a person should look at first."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edgeproof.train.data.source import Images

_MOST = 24


@dataclass(frozen=True, eq=False)
class Mistake:
    """A test image, uint8 height x width x channels, that is of `truth` and was called `called`."""

    truth: str
    called: str
    confidence: float
    image: np.ndarray


def worst_mistakes(
    scores: np.ndarray, labels: np.ndarray, label_names: tuple[str, ...], images: "Images"
) -> tuple[Mistake, ...]:
    """At most 24 wrong answers, surest first, of probabilities N x labels and the true labels N."""
    called = scores.argmax(axis=1)
    wrong = np.flatnonzero(called != labels)
    worst = wrong[np.argsort(-scores[wrong].max(axis=1), kind="stable")][:_MOST]
    return tuple(
        Mistake(
            truth=label_names[labels[i]],
            called=label_names[called[i]],
            confidence=float(scores[i, called[i]]),
            image=np.asarray(images[i]),
        )
        for i in worst
    )
