"""Batches: for training shuffled every epoch and augmented, from the seed alone; for validation as
they lie."""

import math

import keras
import numpy as np

from edgeproof.train.ahead import Ahead
from edgeproof.train.augment import augmented, mixed
from edgeproof.train.evaluate import rows_at_a_time
from edgeproof.train.parts import TrainSet, ValidationSet
from edgeproof.train.recipe import Augmentation
from edgeproof.train.workers import Workers

# a class that is a hundred times rarer would otherwise hang on a few noisy images
_MOST_WEIGHT = 10.0


class AugmentedBatches(keras.utils.PyDataset):
    """Batch `i` of epoch `e` depends on (seed, e, i) only, whichever thread asks for it.

    Args:
        labels: how many classes there are.
        balance: images of rare classes weigh more.
        workers: each batch is this worker's share of it. All are augmented, so that it is the share
            of what one process alone would train on.
    """

    def __init__(
        self,
        train: TrainSet,
        labels: int,
        augmentation: Augmentation,
        batch_size: int,
        seed: int,
        *,
        balance: bool = False,
        workers: Workers | None = None,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._train = train
        self._sharing = workers
        self._count = len(train) if workers is None else workers.shared(len(train))
        self._labels = labels
        self._augmentation = augmentation
        self._batch_size = batch_size
        self._seed = seed
        self._weights = class_weights(train.labels, labels) if balance else None
        self._ahead = Ahead(self.batch, len(self))
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """The epoch, from 0, that is asked for next.

        Not counted by Keras' `on_epoch_end`, which Keras also calls before the first epoch.
        """
        self._ahead.forget()
        self._epoch = epoch
        # the files of some sets are ordered by class: without this, so would be the batches
        self._order = np.random.default_rng([self._seed, epoch]).permutation(len(self._train))[
            : self._count
        ]

    def __len__(self) -> int:
        return math.ceil(self._count / self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """`batch(index)`, and the ones after it are begun."""
        return self._ahead.get(index)

    def batch(self, index: int) -> tuple[np.ndarray, ...]:
        """float32 images 0..255, float32 targets N x labels, and with `balance` weights N."""
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        rng = np.random.default_rng([self._seed, self._epoch, index])
        images = augmented(self._train.images[chosen], self._augmentation, rng)
        labels = self._train.labels[chosen]
        targets = one_hot(labels, self._labels)
        floats = images.astype(np.float32)
        if self._augmentation.mixup:
            floats, targets = mixed(floats, targets, self._augmentation.mixup, rng)
        batch: tuple[np.ndarray, ...] = floats, targets
        if self._weights is not None:
            batch = (*batch, self._weights[labels])
        if self._sharing is None:
            return batch
        return tuple(values[self._sharing.rows(len(chosen))] for values in batch)


class PlainBatches(keras.utils.PyDataset):
    """Validation images in order, as float32 only while they are looked at."""

    def __init__(
        self, validation: ValidationSet, labels: int, workers: Workers | None = None
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._validation = validation
        self._labels = labels
        self._sharing = workers
        self._count, self._batch = len(validation), rows_at_a_time(validation.images.shape[1:])
        if workers is not None:
            self._count = workers.shared(self._count)
            self._batch = max(workers.of, workers.shared(self._batch))

    def __len__(self) -> int:
        return math.ceil(self._count / self._batch)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        first = index * self._batch
        here = slice(first, min(first + self._batch, self._count))
        if self._sharing is not None:
            rows = self._sharing.rows(here.stop - first)
            here = slice(first + rows.start, first + rows.stop)
        images = self._validation.images[here].astype(np.float32)
        return images, one_hot(self._validation.labels[here], self._labels)


def one_hot(labels: np.ndarray, count: int) -> np.ndarray:
    """float32, N x count."""
    targets = np.zeros((len(labels), count), dtype=np.float32)
    targets[np.arange(len(labels)), labels] = 1
    return targets


def class_weights(labels: np.ndarray, count: int) -> np.ndarray:
    """A weight for each class, float32: images over (classes x the class's images), at most 10."""
    present = np.maximum(np.bincount(labels, minlength=count), 1)
    weights = np.minimum(len(labels) / (count * present), _MOST_WEIGHT)
    return np.asarray(weights, dtype=np.float32)
