"""CIFAR-10, the large model: in under 512,024 bytes, the size of MLPerf Tiny's IC02.

The data, the contract and the split are those of `cifar10`, so the two can be compared.
"""

import dataclasses
from typing import TYPE_CHECKING

from edgeproof.edge.contract import InputContract
from edgeproof.train.recipe import Augmentation
from edgeproof.train.recipes import cifar10

if TYPE_CHECKING:
    import keras


def _model(contract: InputContract, labels: int) -> "keras.Model":
    """The small model's blocks, wider and more of them: 24 separable convolutions."""
    from edgeproof.train.layers import (
        around_zero,
        classifier,
        conv,
        pixels,
        residual_separable,
        separable,
    )

    image = pixels(contract)
    x = conv(around_zero(image), 48)
    x = residual_separable(x)
    x = residual_separable(x)
    x = separable(x, 112, stride=2)  # 16 x 16
    for _ in range(4):
        x = residual_separable(x)
    x = separable(x, 176, stride=2)  # 8 x 8
    for _ in range(3):
        x = residual_separable(x)
    return classifier(image, x, labels, dropout=0.1, name="cifar10-large")


RECIPE = dataclasses.replace(
    cifar10.RECIPE,
    name="cifar10-large",
    summary="the same, in under 512 KB",
    # large enough to learn the training images by heart: what hides a part of them pays here
    augmentation=Augmentation(shift=4, mirror=True, cutout=12, mixup=0.2),
    schedule=dataclasses.replace(
        cifar10.RECIPE.schedule,
        epochs=100,
        # larger steps in both senses: the model's width keeps an accelerator busy only so
        batch_size=256,
        learning_rate=6e-3,
    ),
    model=_model,
)
