"""MNIST: 70,000 handwritten digits, 28 x 28, white on black. The official test set stays test.

The page lets people draw, and they draw neither in the middle nor with MNIST's pen, some of them
dark on light: the model is trained for that, and the run says how it does on such digits.
"""

from typing import TYPE_CHECKING

from edgeproof.edge.contract import InputContract
from edgeproof.train.data.mnist import mnist_source
from edgeproof.train.recipe import Augmentation, Recipe, Schedule
from edgeproof.train.split import SplitPlan

if TYPE_CHECKING:
    import keras


def _model(contract: InputContract, labels: int) -> "keras.Model":
    """75,000 weights, most of them where the map is small: int8 counts weights, not work."""
    from edgeproof.train.layers import classifier, conv, from_zero, pixels

    image = pixels(contract)
    x = conv(from_zero(image), 16, kernel=5, stride=2)  # 14 x 14: a pen is two pixels wide
    x = conv(x, 32)
    x = conv(x, 48, stride=2)  # 7 x 7
    x = conv(x, 56)
    # a cell of the last map has seen 39 pixels, the whole digit: with 17 of them, 98 % is the end
    x = conv(x, 64, stride=2)  # 4 x 4
    return classifier(image, x, labels, dropout=0.2, name="mnist")


RECIPE = Recipe(
    name="mnist",
    summary="28 x 28 handwritten digits",
    # pad: a drawn digit keeps its proportions, on MNIST's black
    contract=InputContract(height=28, width=28, color="gray", fit="pad"),
    schedule=Schedule(
        epochs=40,
        batch_size=128,
        learning_rate=4e-3,
        weight_decay=0.02,
        warmup_epochs=1.0,
        label_smoothing=0.05,  # some of MNIST's labels are wrong, and certainty about them costs
        average=0.998,  # of about 500 steps, an epoch
    ),
    augmentation=Augmentation(
        shift=4,  # people do not draw in the centre; mirrored digits are not digits
        rotate=15,  # at 30 degrees more, a 7 is a 1 for people too
        scale=0.25,
        shear=10,  # slanted hands
        stroke=0.4,  # fingers and mice draw thicker than a pen, scanners thinner
        invert=0.15,  # paper is light
        noise=20,
        jpeg=0.1,
    ),
    split=SplitPlan(validation_share=1 / 12),  # 5,000 of 60,000
    source=mnist_source,
    model=_model,
    published_images=70_000,
    digits=True,
)
