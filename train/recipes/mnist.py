"""MNIST: 70,000 handwritten digits, 28 x 28, white on black. The official test set stays test."""

from typing import TYPE_CHECKING

from edgeproof.edge.contract import InputContract
from edgeproof.train.data.mnist import mnist_source
from edgeproof.train.recipe import Augmentation, Recipe, Schedule
from edgeproof.train.split import SplitPlan

if TYPE_CHECKING:
    import keras


def _model(contract: InputContract, labels: int) -> "keras.Model":
    from edgeproof.train.layers import classifier, conv, from_zero, pixels, separable

    image = pixels(contract)
    x = conv(from_zero(image), 24, kernel=5, stride=2)  # 14 x 14: a pen is two pixels wide
    x = conv(x, 48, stride=2)  # 7 x 7
    x = conv(x, 64)
    # on until a cell of the last map has seen the whole digit: without these two layers a cell
    # sees 17 of 28 pixels, and 98 % is the end of it
    x = separable(x, 96, stride=2)  # 4 x 4
    x = separable(x, 128)
    return classifier(image, x, labels, dropout=0.2, name="mnist")


RECIPE = Recipe(
    name="mnist",
    summary="28 x 28 handwritten digits",
    # pad: a drawn digit keeps its proportions, on MNIST's black
    contract=InputContract(height=28, width=28, color="gray", fit="pad"),
    schedule=Schedule(
        epochs=5,  # 99 % after three; each takes about half a minute on two cores
        batch_size=128,
        learning_rate=4e-3,
        weight_decay=0.01,
    ),
    # people do not draw in the centre; mirrored digits are not digits
    augmentation=Augmentation(shift=2),
    split=SplitPlan(validation_share=1 / 12),  # 5,000 of 60,000
    source=mnist_source,
    model=_model,
)
