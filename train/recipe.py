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
        epochs: passes over the training images; warm-up and cosine stretch with them.
        batch_size: images per step.
        learning_rate: its peak, reached at the end of the warm-up.
        weight_decay: decoupled, per step relative to the learning rate (AdamW).
        warmup_epochs: how long the learning rate rises from zero, at most a fifth of the training.
        label_smoothing: share of the truth that is spread over all classes.
        average: momentum per step of the running average of the weights, which is what is
            validated and kept; None, and in trainings of under five times the steps that it reaches
            back over, the weights themselves.
        patience: epochs without a lower validation loss after which training ends; None: never,
            for a cosine learns most at its end.
        balance: images of rare classes weigh more, as much more as they are rarer, 10 times at
            most.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup_epochs: float = 0.5
    label_smoothing: float = 0.0
    average: float | None = None
    patience: int | None = None
    balance: bool = False


@dataclass(frozen=True)
class Augmentation:
    """What is done to training images only, outside the model, so the saved model holds none of it.

    In the order in which it is done; every image has its own draw. Shares are of the images.

    Attributes:
        mirror: left-right, every second image.
        any_turn: also upside down and transposed: for pictures that have no up, such as cells.
        shift: up to so many pixels each way, down and across; the new border repeats the edge.
        rotate: up to so many degrees each way. This and the next two are one resampling, in which
            what comes from outside is black.
        scale: larger or smaller by up to this factor less 1.
        shear: up to so many degrees each way.
        stroke: share whose strokes are thickened by up to a pixel on each side, or thinned by half.
        invert: share that becomes dark on light.
        light: brightness and contrast change by up to this share.
        color: each channel's gain changes by up to this share: another stain, another lamp.
        noise: standard deviation of the strongest noise, in steps of 255; half of the images.
        jpeg: share that is compressed as JPEG and decoded again, at a quality of 30 to 90.
        cutout: width in pixels of a square that is painted in the middle grey.
        mixup: alpha of the beta distribution by which pairs of images and labels are blended.
    """

    shift: int = 0
    mirror: bool = False
    any_turn: bool = False
    rotate: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    stroke: float = 0.0
    invert: float = 0.0
    light: float = 0.0
    color: float = 0.0
    noise: float = 0.0
    jpeg: float = 0.0
    cutout: int = 0
    mixup: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """A named training set-up.

    Attributes:
        name: what the command line calls it, and the name of the model it makes.
        summary: one line for people.
        contract: how a picture becomes the model's input.
        schedule, augmentation, split: the knobs; saved in `config.json` as they stand.
        source: from the folder the user named (None: the recipe's own way) to the images.
        model: from the contract and the number of labels to an untrained model whose last two
            layers are `logits` and `scores`.
        digits: its images are handwritten digits, so the run also says what the model does with
            digits that are written and scanned otherwise.
        positive: the one of two classes that is looked for, or None.
        published_images: how many images the published set has, all parts together, or None.
        notice: what must be said wherever its model is shown, or None.
    """

    name: str
    summary: str
    contract: InputContract
    schedule: Schedule
    augmentation: Augmentation
    split: SplitPlan
    source: Callable[[Path | None], Source]
    model: Callable[[InputContract, int], "keras.Model"]
    digits: bool = False
    positive: str | None = None
    published_images: int | None = None
    notice: str | None = None
