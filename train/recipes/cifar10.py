"""CIFAR-10: 60,000 photographs of ten things, 32 x 32. The official test set stays test."""

from typing import TYPE_CHECKING

from edgeproof.edge.contract import InputContract
from edgeproof.train.data.cifar import cifar10_source
from edgeproof.train.recipe import Augmentation, Recipe, Schedule
from edgeproof.train.split import SplitPlan

if TYPE_CHECKING:
    import keras


def _model(contract: InputContract, labels: int) -> "keras.Model":
    from edgeproof.train.layers import around_zero, classifier, conv, pixels, separable

    image = pixels(contract)
    # the full-size stage is the dear one on a CPU, so the first layer already halves the picture
    x = conv(around_zero(image), 32, stride=2)  # 16 x 16
    x = conv(x, 48)
    x = conv(x, 96, stride=2)  # 8 x 8
    x = conv(x, 96)
    x = separable(x, 160)
    return classifier(image, x, labels, dropout=0.1, name="cifar10")


RECIPE = Recipe(
    name="cifar10",
    summary="32 x 32 photographs of ten things",
    # crop: photographs have their subject in the middle, and bars would be new to the model
    contract=InputContract(height=32, width=32, color="rgb", fit="crop"),
    schedule=Schedule(
        epochs=15,
        batch_size=128,
        learning_rate=4e-3,
        weight_decay=0.02,
        warmup_epochs=1.0,
    ),
    # the usual pair for CIFAR-10: four pixels, and left is as good as right
    augmentation=Augmentation(shift=4, mirror=True),
    split=SplitPlan(validation_share=0.1),
    source=cifar10_source,
    model=_model,
)
