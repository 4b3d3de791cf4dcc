"""The training's history, and its progress on stderr."""

import sys
import time
from collections.abc import Sequence
from typing import Any

import keras

from edgeproof.train.history import EpochFigures
from edgeproof.train.progress import say


class Notes(keras.callbacks.Callback):
    """Notes every epoch's figures.

    Args:
        history: of the epochs that an earlier part of this training finished.
    """

    def __init__(self, history: Sequence[EpochFigures] = ()) -> None:
        super().__init__()
        self.history = list(history)
        self._start = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        self.history.append(
            EpochFigures(
                epoch=epoch + 1,
                loss=float(logs["loss"]),
                accuracy=float(logs["accuracy"]),
                validation_loss=float(logs["val_loss"]),
                validation_accuracy=float(logs["val_accuracy"]),
                learning_rate=float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
                wall_s=time.perf_counter() - self._start,
            )
        )


class EpochReport(keras.callbacks.Callback):
    """A bar on a terminal and a line per epoch, both with the time left."""

    def __init__(self, epochs: int, steps: int, notes: Notes) -> None:
        super().__init__()
        self._epochs = epochs
        self._notes = notes
        self._bar: Any = None
        self._task: Any = None
        if sys.stderr.isatty():
            from edgeproof.train.progress import bar

            self._bar = bar("steps")
            self._task = self._bar.add_task(
                "training", total=epochs * steps, completed=len(notes.history) * steps
            )
            self._bar.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=f"epoch {epoch + 1}/{self._epochs}")

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._bar is not None:
            self._bar.update(self._task, advance=1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        figures = self._notes.history[-1]
        left = (self._epochs - figures.epoch) * figures.wall_s
        line = (
            f"epoch {figures.epoch}/{self._epochs}: loss {figures.loss:.4f}, "
            f"accuracy {figures.accuracy:.2%}, validation {figures.validation_accuracy:.2%}, "
            f"{figures.wall_s:.1f} s" + (f", {_duration(left)} left" if left else "")
        )
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        else:
            say(line)

    def close(self) -> None:
        """End the progress bar, whatever ended the training."""
        if self._bar is not None:
            self._bar.stop()


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
