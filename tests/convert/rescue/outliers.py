"""The digits model with one channel blown up at some layers and made small again by what reads it.

In float nothing changes. In int8 that channel takes the whole range of its tensor, and every other
channel of it rounds to zero.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

import keras
import numpy as np

_FACTOR = 1000.0
# outputs of the digits model, and the layers between which the ruined tensors lie: what has to stay
# in float, by the name that ends the operations of each
PLACES = {
    "re_lu": ("re_lu", "re_lu_1"),
    "re_lu_1": ("re_lu_1", "re_lu_2"),
    "re_lu_2": ("re_lu_2", "re_lu_3"),
    "re_lu_3": ("re_lu_3", "re_lu_4"),
    "re_lu_4": ("re_lu_4", "re_lu_5"),
    # the average over the picture has the channel too
    "re_lu_5": ("re_lu_5", "average", "logits"),
}


def unbounded(model: keras.Model) -> keras.Model:
    """The digits model with ReLU for ReLU6, which would cut a large channel off."""

    def cloned(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.layers.ReLU):
            return keras.layers.ReLU(name=layer.name)
        return type(layer).from_config(layer.get_config())

    clone = keras.models.clone_model(model, clone_function=cloned)
    clone.set_weights(model.get_weights())
    return clone


def blow_up(model: keras.Model, relu: str) -> None:
    """Multiply the strongest channel before one ReLU, and divide the weights that read it."""
    names = [layer.name for layer in model.layers]
    place = names.index(relu)
    normalisation = model.layers[place - 1]
    gamma, beta, *statistics = normalisation.get_weights()
    channel = int(np.argmax(gamma))
    gamma[channel] *= _FACTOR
    beta[channel] *= _FACTOR
    normalisation.set_weights([gamma, beta, *statistics])
    reader = next(layer for layer in model.layers[place:] if layer.weights)
    kernel, *others = reader.get_weights()
    # inputs x outputs of a dense layer, rows x columns x inputs x outputs of a convolution
    kernel[..., channel, :] /= _FACTOR
    reader.set_weights([kernel, *others])


def run_with_outliers(digits_run: Path, run: Path, relus: Collection[str]) -> Path:
    """A copy of the run whose model has such channels."""
    model = unbounded(keras.models.load_model(digits_run / "model.keras", compile=False))
    for relu in relus:
        blow_up(model, relu)
    shutil.copytree(digits_run, run)
    model.save(run / "model.keras")
    return run
