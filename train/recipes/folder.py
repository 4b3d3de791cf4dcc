"""Your own pictures: any folder with one folder of pictures per class."""

import dataclasses
import re
from functools import partial
from typing import TYPE_CHECKING

from edgeproof.edge.contract import Color, InputContract
from edgeproof.train.data.folder import folder_source
from edgeproof.train.recipe import Augmentation, Recipe, Schedule
from edgeproof.train.split import SplitPlan

if TYPE_CHECKING:
    import keras


def _model(contract: InputContract, labels: int) -> "keras.Model":
    from edgeproof.train.layers import around_zero, classifier, conv, pixels, separable

    image = pixels(contract)
    x = conv(around_zero(image), 24, stride=2)
    # halved until about 8 x 8 is left, whatever the size: what a cell of the last map sees grows
    filters = 32
    while min(x.shape[1], x.shape[2]) > 8:
        x = conv(x, filters, stride=2)
        filters = min(2 * filters, 128)
    x = separable(x, 128)
    return classifier(image, x, labels, dropout=0.2, name="folder")


def recipe_for(size: int | None, color: Color | None, group_by: re.Pattern[str] | None) -> Recipe:
    """The recipe with the user's size in pixels, colour and grouping; None: the default.

    `group_by` is searched in every file's path below the data folder; pictures with the same match
    (its first group, if it has one) never lie in two parts.
    """
    contract = RECIPE.contract
    return dataclasses.replace(
        RECIPE,
        contract=dataclasses.replace(
            contract,
            height=size or contract.height,
            width=size or contract.width,
            color=color or contract.color,
        ),
        source=partial(folder_source, group_by=group_by),
    )


RECIPE = Recipe(
    name="folder",
    summary="your own pictures, one folder per class",
    # crop: photographs have their subject in the middle
    contract=InputContract(height=64, width=64, color="rgb", fit="crop"),
    schedule=Schedule(
        epochs=20,
        batch_size=32,
        learning_rate=3e-3,
        weight_decay=0.02,
        warmup_epochs=1.0,
        label_smoothing=0.05,
        balance=True,  # a class with a tenth of the pictures would hardly ever be named otherwise
    ),
    # only what is safe for any subject: left and right may be the classes
    augmentation=Augmentation(shift=4),
    split=SplitPlan(test_share=0.2, validation_share=0.1),
    source=folder_source,
    model=_model,
)
