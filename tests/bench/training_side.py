"""A program: fits a recipe for two epochs in one way and prints the second one's images per second.

python training_side.py RECIPE bare|plain|augmented IMAGES
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from edgeproof.train.quiet_keras import import_keras

if sys.argv[2] == "bare":
    import keras  # as a user would: without op determinism
else:
    keras = import_keras()

from edgeproof.train.checkpoint import Checkpoint, write_checkpoint
from edgeproof.train.fit import fit
from edgeproof.train.parts import TrainSet, ValidationSet
from edgeproof.train.recipe import Augmentation, Recipe
from edgeproof.train.recipes import recipe_named


class _EpochTimes(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._start)


class _Keeper:
    """Checkpoints on disk, as a training writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def latest(self) -> None:
        return None

    def keep(self, checkpoint: Checkpoint) -> None:
        write_checkpoint(self._folder, checkpoint, {})


def bare(recipe: Recipe, images: np.ndarray, labels: np.ndarray) -> float:
    """Seconds of the second epoch of `model.fit`."""
    model = recipe.model(recipe.contract, 10)
    logits = keras.Model(model.input, model.get_layer("logits").output)
    logits.compile(
        optimizer=keras.optimizers.AdamW(
            recipe.schedule.learning_rate, weight_decay=recipe.schedule.weight_decay
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    times = _EpochTimes()
    pixels = images.astype(np.float32)
    few = (pixels[:64], labels[:64])
    logits.fit(
        pixels,
        labels,
        batch_size=recipe.schedule.batch_size,
        epochs=2,
        validation_data=few,
        callbacks=[times],
        verbose=0,
    )
    return times.seconds[1]


def ours(recipe: Recipe, images: np.ndarray, labels: np.ndarray) -> float:
    """Seconds of the second epoch of `edgeproof.train.fit`, with checkpoints on disk."""
    rows = np.arange(len(images))
    train = TrainSet(images, labels, rows)
    validation = ValidationSet(images[:64], labels[:64], rows[:64])
    recipe = dataclasses.replace(
        recipe, schedule=dataclasses.replace(recipe.schedule, epochs=2, patience=None)
    )
    with tempfile.TemporaryDirectory() as folder:
        keeper = _Keeper(Path(folder))
        fitted = fit(recipe, 10, train, validation, seed=0, keeper=keeper)
    return fitted.history[1].wall_s


def main() -> None:
    name, side, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    recipe = recipe_named(name)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, *recipe.contract.image_shape)).astype(np.uint8)
    labels = rng.integers(0, 10, count)
    if side == "plain":
        recipe = dataclasses.replace(recipe, augmentation=Augmentation())
    seconds = (bare if side == "bare" else ours)(recipe, images, labels)
    print(json.dumps({"images_per_s": count / seconds}))  # noqa: T201 - the result


main()
