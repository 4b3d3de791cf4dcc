"""Training batches: shuffled every epoch and augmented, from the seed alone."""

import math
from typing import Any

import keras
import numpy as np

from edgeproof.train.augment import augmented
from edgeproof.train.parts import TrainSet
from edgeproof.train.recipe import Augmentation


class AugmentedBatches(keras.utils.PyDataset):
    """Batch `i` of epoch `e` depends on (seed, e, i) only, whichever thread asks for it."""

    def __init__(
        self, train: TrainSet, augmentation: Augmentation, batch_size: int, seed: int
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._train = train
        self._augmentation = augmentation
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0
        self._order = self._shuffled()

    def __len__(self) -> int:
        return math.ceil(len(self._train) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """float32 images 0..255 and int64 labels."""
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        rng = np.random.default_rng([self._seed, self._epoch, index])
        images = augmented(self._train.images[chosen], self._augmentation, rng)
        return images.astype(np.float32), self._train.labels[chosen]

    def on_epoch_end(self) -> Any:
        self._epoch += 1
        self._order = self._shuffled()

    def _shuffled(self) -> np.ndarray:
        # the files of some sets are ordered by class: without this, so would be the batches
        return np.random.default_rng([self._seed, self._epoch]).permutation(len(self._train))
