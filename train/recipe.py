"""What a recipe is: a data set, a model and a schedule, with every knob named."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeproof.edge.contract import InputContract
from edgeproof.train.data.source import Source
from edgeproof.train.split import SplitPlan

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Schedule:
    """How long and how fast the model learns: AdamW, linear warm-up, then a cosine to zero.

    Attributes:
        epochs: passes over the training images.
        batch_size: images per step.
        learning_rate: its peak, reached at the end of the warm-up.
        weight_decay: decoupled, per step relative to the learning rate (AdamW).
        warmup_epochs: how long the learning rate rises from zero.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup_epochs: float = 0.5


@dataclass(frozen=True)
class Augmentation:
    """What is done to training images only, outside the model, so the saved model holds none of it.

    Attributes:
        shift: up to so many pixels each way, down and across; the new border repeats the edge.
        mirror: left-right, every second image.
        any_turn: also upside down and transposed: for pictures that have no up, such as cells.
    """

    shift: int = 0
    mirror: bool = False
    any_turn: bool = False


@dataclass(frozen=True)
class Recipe:
    """A named training set-up.

    Attributes:
        name: what the command line calls it, and the name of the model it makes.
        summary: one line for people.
        contract: how a picture becomes the model's input.
        schedule, augmentation, split: the knobs; saved in `config.json` as they stand.
        source: from the folder the user named (None: the recipe's own way) to the images.
        model: from the contract and the number of labels to an untrained model.
    """

    name: str
    summary: str
    contract: InputContract
    schedule: Schedule
    augmentation: Augmentation
    split: SplitPlan
    source: Callable[[Path | None], Source]
    model: Callable[[InputContract, int], "keras.Model"]
