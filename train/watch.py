"""Keras callbacks: an end to NaN, the average's validation, the best weights, checkpoints."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from edgeproof.train.allocator import keep_freed_buffers
from edgeproof.train.checkpoint import Best, Checkpoint
from edgeproof.train.epoch_report import Notes
from edgeproof.train.errors import TrainError
from edgeproof.train.interrupt import interruption_asked
from edgeproof.train.workers import asked_of_any


class NanGuard(keras.callbacks.Callback):
    """Stops at the step at which the loss is no longer a number."""

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {})["loss"]
        if not math.isfinite(loss):
            raise TrainError(
                f"expected a finite loss, got {loss} at epoch {self._epoch + 1}, step {batch + 1}; "
                "train with a lower --learning-rate or look for damaged images"
                + (f". What epoch {self._epoch} reached is kept" if self._epoch else "")
            )


class KeepFreedBuffers(keras.callbacks.Callback):
    """Undoes what TensorFlow does to the allocator when it takes the first batch."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if batch == 0:
            keep_freed_buffers()


class AverageInValidation(keras.callbacks.Callback):
    """Puts the running average of the weights into the model while it is validated.

    Not `keras.callbacks.SwapEMAWeights`, which on TensorFlow exchanges two values by adding and
    subtracting them and so rounds the weights that training goes on with.

    Attributes:
        validated: the weights that were in the model, as `model.get_weights()`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.validated: list[np.ndarray] = []
        self._raw: list[np.ndarray] = []

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        optimizer, weights = self.model.optimizer, self.model.trainable_variables
        if optimizer.use_ema:
            self._raw = [np.array(keras.ops.convert_to_numpy(w)) for w in weights]
            optimizer.finalize_variable_values(weights)
            # copies: on JAX a weight and its average are one buffer now, and a step frees it
            for weight in weights:
                weight.assign(np.array(keras.ops.convert_to_numpy(weight)))

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        self.validated = self.model.get_weights()
        for weight, raw in zip(self.model.trainable_variables, self._raw, strict=False):
            weight.assign(raw)


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the lowest validation loss.

    The loss rather than the accuracy: it is finer, and probabilities are what users see.
    """

    def __init__(self, average: AverageInValidation, patience: int | None) -> None:
        super().__init__()
        self.best = Best(0, math.inf, [])
        self._average = average
        self._patience = patience

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {})["val_loss"]
        if loss < self.best.loss:
            self.best = Best(epoch + 1, loss, self._average.validated)
        elif self._patience is not None and epoch + 1 - self.best.epoch >= self._patience:
            self.model.stop_training = True


class Checkpoints(keras.callbacks.Callback):
    """Hands the whole state to `keep` after every epoch, once the others know of it."""

    def __init__(self, keep: Callable[[Checkpoint], None], best: BestWeights, notes: Notes) -> None:
        super().__init__()
        self._keep, self._best, self._notes = keep, best, notes

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._keep(
            Checkpoint(
                model=_values(self.model.variables),
                optimizer=_values(self.model.optimizer.variables),
                best=self._best.best,
                history=tuple(self._notes.history),
            )
        )


class StopWhenAsked(keras.callbacks.Callback):
    """Ends the training by KeyboardInterrupt where a signal asks for it: after a step, or with
    several workers, of which one may have got it, after the epoch."""

    def __init__(self, together: bool) -> None:
        super().__init__()
        self._together = together

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if not self._together and interruption_asked():
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        is_last = epoch + 1 == self.params["epochs"]
        if self._together and not is_last and asked_of_any(interruption_asked()):
            raise KeyboardInterrupt


def restore(model: keras.Model, checkpoint: Checkpoint) -> None:
    """Put a checkpoint's values into a compiled model.

    Raises:
        TrainError: they are of another architecture.
    """
    model.optimizer.build(model.trainable_variables)
    for variables, values in (
        (model.variables, checkpoint.model),
        (model.optimizer.variables, checkpoint.optimizer),
    ):
        if [tuple(v.shape) for v in variables] != [v.shape for v in values]:
            raise TrainError(
                "expected a checkpoint of this model, got other shapes: it was made by another "
                "version of the recipe; give --restart to begin anew"
            )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def _values(variables: list[Any]) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]
