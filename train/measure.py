"""Everything that is said of a trained model on its test set, figures first and then pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.train.detection import Detection, detection_of, positive_scores
from edgeproof.train.evaluate import Evaluation, evaluated, scored
from edgeproof.train.groups import Spread, spread_of
from edgeproof.train.mistakes import Mistake, worst_mistakes
from edgeproof.train.parts import TestSet
from edgeproof.train.plots import draw_confusion
from edgeproof.train.plots_evaluation import (
    draw_detection,
    draw_mistakes,
    draw_reliability,
    draw_spread,
)
from edgeproof.train.recipe import Recipe
from edgeproof.train.robustness import Robustness, robustness_of

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Measured:
    """Of one model on one test set; None: does not apply to this recipe.

    Attributes:
        detection: where one of two classes is looked for.
        spread: where images come in groups.
        robustness: of handwritten digits.
        mistakes: the wrong answers that the model was surest of, surest first.
    """

    test: Evaluation
    detection: Detection | None
    spread: Spread | None
    robustness: Robustness | None
    mistakes: tuple[Mistake, ...]


def measured(
    model: "keras.Model",
    recipe: Recipe,
    test: TestSet,
    groups: np.ndarray | None,
    label_names: tuple[str, ...],
    folder: Path,
) -> Measured:
    """Measure, and draw into `folder`: reliability.png, mistakes.png, and where they apply
    confusion.png, detection.png and groups.png.

    `groups`: of the test images, N strings.
    """
    scores = scored(model, test.images)
    labels, name = test.labels, recipe.name
    evaluation = evaluated(scores, labels, label_names)
    if evaluation.confusion is not None:
        draw_confusion(evaluation, label_names, folder / "confusion.png", name)
    draw_reliability(evaluation.calibration, folder / "reliability.png", name)
    mistakes = worst_mistakes(scores, labels, label_names, test.images)
    draw_mistakes(mistakes, folder / "mistakes.png", name)
    detection = spread = None
    if recipe.positive is not None:
        detection = detection_of(scores, labels, label_names, recipe.positive)
        found, truth = positive_scores(scores, labels, label_names, recipe.positive)
        draw_detection(detection, found, truth, folder / "detection.png", name)
    if groups is not None:
        spread = spread_of(scores.argmax(axis=1) == labels, groups)
        draw_spread(spread, folder / "groups.png", name)
    robustness = robustness_of(model, np.asarray(test.images[:]), labels) if recipe.digits else None
    return Measured(evaluation, detection, spread, robustness, mistakes)
