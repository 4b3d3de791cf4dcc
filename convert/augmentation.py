"""Augmentation taken out of a model while it is traced; nothing of a layer stays changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


@contextmanager
def without_augmentation(model: keras.Model) -> Iterator[None]:
    """Let Keras 3's random layers hand their input on, as they do at inference anyway.

    Some (RandomHue, RandomSaturation, MixUp, ...) draw a number all the same, and the state of its
    generator cannot be frozen.
    """
    layers = [layer for layer in model._flatten_layers() if _draws_for_nothing(layer)]
    for layer in layers:
        object.__setattr__(layer, "call", _hand_on)
    try:
        yield
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")


def _draws_for_nothing(layer: Any) -> bool:
    # RandomCrop resizes at inference; RandAugment and others hold layers that are found themselves
    kind = type(layer)
    return kind.__module__.startswith("keras.src.layers.preprocessing.") and kind.__name__ in _KINDS


def _hand_on(inputs: Any, *args: Any, **kwargs: Any) -> Any:
    return inputs


_KINDS = frozenset(
    (
        *("CutMix", "MixUp", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter"),
        *("RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip"),
        *("RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert"),
        *("RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation"),
        *("RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom"),
    )
)
