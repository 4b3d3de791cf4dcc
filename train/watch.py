"""Keras callbacks: progress, the history, the best weights, and an end to NaN."""

import math
import sys
import time
from typing import Any

import keras
import numpy as np

from edgeproof.train.errors import TrainError
from edgeproof.train.fit import EpochFigures
from edgeproof.train.progress import say


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
                "train with a lower learning rate or look for damaged images"
            )


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the lowest validation loss.

    The loss rather than the accuracy: it is finer, and probabilities are what users see.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loss = math.inf
        self.epoch = 0
        self.weights: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {})["val_loss"]
        if loss < self.loss:
            self.loss, self.epoch = loss, epoch + 1
            self.weights = self.model.get_weights()


class EpochReport(keras.callbacks.Callback):
    """Shows progress on stderr, a bar on a terminal and a line per epoch, and keeps the history."""

    def __init__(self, epochs: int, steps: int) -> None:
        super().__init__()
        self.history: list[EpochFigures] = []
        self._epochs = epochs
        self._steps = steps
        self._start = 0.0
        self._bar: Any = None
        self._task: Any = None
        if sys.stderr.isatty():
            from edgeproof.train.progress import bar

            self._bar = bar("steps")
            self._task = self._bar.add_task("training", total=epochs * steps)
            self._bar.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._start = time.perf_counter()
        if self._bar is not None:
            self._bar.update(self._task, description=f"epoch {epoch + 1}/{self._epochs}")

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._bar is not None:
            self._bar.update(self._task, advance=1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        figures = EpochFigures(
            epoch=epoch + 1,
            loss=float(logs["loss"]),
            accuracy=float(logs["accuracy"]),
            validation_loss=float(logs["val_loss"]),
            validation_accuracy=float(logs["val_accuracy"]),
            learning_rate=float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            wall_s=time.perf_counter() - self._start,
        )
        self.history.append(figures)
        line = (
            f"epoch {figures.epoch}/{self._epochs}: loss {figures.loss:.4f}, "
            f"accuracy {figures.accuracy:.2%}, validation {figures.validation_accuracy:.2%}, "
            f"{figures.wall_s:.1f} s"
        )
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        else:
            say(line)

    def close(self) -> None:
        """End the progress bar, whatever ended the training."""
        if self._bar is not None:
            self._bar.stop()
