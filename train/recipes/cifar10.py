"""CIFAR-10, the small model: 60,000 photographs of ten things, 32 x 32, in under 98,496 bytes.

That is the size of the ResNet-8 of MLPerf Tiny (IC01, 87 %). `cifar10-large` is its bigger sister.
The official test set stays test.
"""

from typing import TYPE_CHECKING

from edgeproof.edge.contract import InputContract
from edgeproof.train.data.cifar import cifar10_source
from edgeproof.train.recipe import Augmentation, Recipe, Schedule
from edgeproof.train.split import SplitPlan

if TYPE_CHECKING:
    import keras


def _model(contract: InputContract, labels: int) -> "keras.Model":
    """Fourteen separable convolutions in residual blocks: accuracy for bytes.

    In int8 a weight is a byte and a channel of a convolution about 34 more (bias, scales, zero
    points), so for the bytes of one 3 x 3 convolution of 64 channels there are four
    separable ones. The picture stays whole for a while: that costs time, not bytes.
    """
    from edgeproof.train.layers import (
        around_zero,
        classifier,
        conv,
        pixels,
        residual_separable,
        separable,
    )

    image = pixels(contract)
    x = conv(around_zero(image), 32)
    x = residual_separable(x)
    x = separable(x, 64, stride=2)  # 16 x 16
    x = residual_separable(x)
    x = residual_separable(x)
    x = separable(x, 88, stride=2)  # 8 x 8
    x = residual_separable(x)
    return classifier(image, x, labels, dropout=0.0, name="cifar10")


RECIPE = Recipe(
    name="cifar10",
    summary="32 x 32 photographs of ten things, in under 100 KB",
    # crop: photographs have their subject in the middle, and bars would be new to the model
    contract=InputContract(height=32, width=32, color="rgb", fit="crop"),
    schedule=Schedule(
        epochs=125,  # so small a model learns for long, hours on two cores: try it out with fewer
        batch_size=128,
        learning_rate=4e-3,
        weight_decay=0.02,
        warmup_epochs=2.0,
        label_smoothing=0.05,
        average=0.999,  # of about 1,000 steps, two and a half epochs
    ),
    # the usual pair for CIFAR-10: four pixels, and left is as good as right. Neither cutout nor
    # mixup: 55,000 weights cannot learn the training images by heart, and are short of space
    augmentation=Augmentation(shift=4, mirror=True),
    split=SplitPlan(validation_share=0.1),
    source=cifar10_source,
    model=_model,
    published_images=60_000,
)
