"""What is noted of every epoch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EpochFigures:
    """One line of `history.csv`. Training figures are means over the epoch, augmented."""

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    wall_s: float
