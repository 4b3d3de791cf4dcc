"""`metrics.json`: what a trained model scores, and what it cost."""

from dataclasses import dataclass
from typing import Any

from edgeproof.train.detection import Detection
from edgeproof.train.evaluate import Evaluation
from edgeproof.train.groups import Spread
from edgeproof.train.robustness import Robustness


@dataclass(frozen=True)
class ValidationFigures:
    """On the images that chose the epoch: optimistic by a little, so not the headline."""

    n: int
    accuracy: float
    loss: float
    best_epoch: int


@dataclass(frozen=True)
class Metrics:
    """`metrics.json`.

    Attributes:
        test, detection, spread, robustness: see `edgeproof.train.measure`.
        epochs: how many were trained.
        interrupted: Ctrl-C or SIGTERM ended the training; the same command goes on with it.
        training_s: the epochs alone, those before a checkpoint included.
        wall_s: the whole command, of a resumed training its last part.
    """

    schema_version: int
    recipe: str
    test: Evaluation
    detection: Detection | None
    spread: Spread | None
    robustness: Robustness | None
    validation: ValidationFigures
    parameters: int
    epochs: int
    interrupted: bool
    training_s: float
    wall_s: float
    machine: dict[str, Any]
    versions: dict[str, str]
