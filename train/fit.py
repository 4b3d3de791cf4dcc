"""Fits a recipe's model: seeded, watched, and with the best epoch's weights in the end."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.train.parts import TrainSet, ValidationSet
from edgeproof.train.recipe import Recipe, Schedule

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class EpochFigures:
    """One line of `history.csv`. Training figures are means over the epoch, augmented."""

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    wall_s: float


@dataclass(frozen=True)
class Fitted:
    """A trained model with the weights of `best_epoch` (counted from 1)."""

    model: "keras.Model"
    history: tuple[EpochFigures, ...]
    best_epoch: int


def fit(
    recipe: Recipe, labels: int, train: TrainSet, validation: ValidationSet, *, seed: int
) -> Fitted:
    """Train the recipe's model. The same seed gives the same weights on the same machine.

    Raises:
        TrainError: the loss is no longer a number.
    """
    from edgeproof.train.quiet_keras import import_keras

    keras = import_keras()
    import tensorflow as tf

    from edgeproof.train.batches import AugmentedBatches
    from edgeproof.train.watch import BestWeights, EpochReport, NanGuard

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    model = recipe.model(recipe.contract, labels)
    schedule = recipe.schedule
    batches = AugmentedBatches(train, recipe.augmentation, schedule.batch_size, seed)
    model.compile(
        optimizer=_optimizer(schedule, len(batches)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,  # XLA on a CPU: 124 images/s where TensorFlow's kernels reach 473
    )
    best, report = BestWeights(), EpochReport(schedule.epochs, len(batches))
    try:
        model.fit(
            batches,
            epochs=schedule.epochs,
            validation_data=(validation.images.astype(np.float32), validation.labels),
            validation_batch_size=512,
            callbacks=[NanGuard(), best, report],
            verbose=0,
        )
    finally:
        report.close()
    model.set_weights(best.weights)
    return Fitted(model, tuple(report.history), best.epoch)


def _optimizer(schedule: Schedule, steps_per_epoch: int) -> "keras.optimizers.Optimizer":
    import keras

    warmup = round(schedule.warmup_epochs * steps_per_epoch)
    return keras.optimizers.AdamW(
        learning_rate=keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            warmup_target=schedule.learning_rate,
            warmup_steps=warmup,
            decay_steps=max(1, schedule.epochs * steps_per_epoch - warmup),
        ),
        weight_decay=schedule.weight_decay,
    )
