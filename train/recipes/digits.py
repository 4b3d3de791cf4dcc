"""Handwritten digits from scikit-learn, 8 x 8: the demo. No download, trained in seconds.

1,797 digits of the UCI set "Optical Recognition of Handwritten Digits" (43 people). scikit-learn's
copy does not say who wrote which, so the split is by image: the test accuracy is that of hands
already seen. For digits of strangers use `mnist`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.edge.contract import InputContract
from edgeproof.train.data.source import ArraySource
from edgeproof.train.recipe import Augmentation, Recipe, Schedule
from edgeproof.train.split import SplitPlan

if TYPE_CHECKING:
    import keras


def _source(data: Path | None) -> ArraySource:
    from sklearn.datasets import load_digits

    digits = load_digits()
    # ink 0..16 to 0..255, the range of every picture; white on black, as in MNIST
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    return ArraySource(
        images=images,
        labels=digits.target.astype(np.int64),
        label_names=tuple(str(n) for n in digits.target_names),
        origin="scikit-learn load_digits",
    )


def _model(contract: InputContract, labels: int) -> "keras.Model":
    from edgeproof.train.layers import classifier, conv, from_zero, pixels, separable

    image = pixels(contract)
    x = conv(from_zero(image), 16)
    x = conv(x, 32)
    x = separable(x, 48, stride=2)  # 4 x 4
    x = separable(x, 64)
    return classifier(image, x, labels, dropout=0.2, name="digits")


RECIPE = Recipe(
    name="digits",
    summary="8 x 8 handwritten digits from scikit-learn; no download, seconds",
    contract=InputContract(height=8, width=8, color="gray"),
    schedule=Schedule(
        epochs=20,  # the validation accuracy is level from about the 15th
        batch_size=32,  # 1,163 images: small batches give enough steps
        learning_rate=4e-3,
        weight_decay=0.01,
        warmup_epochs=1.0,
    ),
    # one pixel is an eighth of the picture; mirrored digits are not digits
    augmentation=Augmentation(shift=1),
    split=SplitPlan(test_share=0.2, validation_share=0.1),
    source=_source,
    model=_model,
)
