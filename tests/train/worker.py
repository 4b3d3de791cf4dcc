"""A program: trains a small model alone or as one of several workers and saves its weights.

python worker.py FILE.npz [HOST:PORT RANK OF]

As a worker it trains a second time, and wrongly: every worker takes the first one's share.
"""

import dataclasses
import sys

import numpy as np

from edgeproof.edge.contract import InputContract
from edgeproof.train import fit as fitting
from edgeproof.train.parts import TrainSet, ValidationSet
from edgeproof.train.quiet_keras import import_keras
from edgeproof.train.recipe import Augmentation, Recipe
from edgeproof.train.recipes import recipe_named
from edgeproof.train.workers import Workers


class _FirstShare(Workers):
    def rows(self, count: int) -> slice:
        return slice(0, count // self.of)


def _model(contract: InputContract, labels: int) -> object:
    from edgeproof.train.layers import classifier, conv, from_zero, pixels

    image = pixels(contract)
    return classifier(image, conv(from_zero(image), 8, stride=2), labels, dropout=0.2, name="small")


def _recipe() -> Recipe:
    """Everything whose result depends on the whole batch, or on a draw for each of its images."""
    digits = recipe_named("digits")
    return dataclasses.replace(
        digits,
        model=_model,  # type: ignore[arg-type]
        schedule=dataclasses.replace(
            digits.schedule, epochs=2, average=0.5, label_smoothing=0.1, balance=True
        ),
        augmentation=Augmentation(shift=1, rotate=10, noise=9, mixup=0.2),
    )


def _sets() -> tuple[TrainSet, ValidationSet]:

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 110)
    images = rng.integers(0, 50, (110, 8, 8, 1))
    images[np.arange(110), labels % 8, :, 0] += 200
    images = images.astype(np.uint8)
    return (
        TrainSet(images, labels, np.arange(110)),
        ValidationSet(images[:40], labels[:40], np.arange(40)),
    )


def _fit(workers: Workers | None) -> dict[str, np.ndarray]:
    fitted = fitting.fit(_recipe(), 10, *_sets(), seed=2, backend="jax", workers=workers)
    losses = [value for h in fitted.history for value in (h.loss, h.validation_loss)]
    weights = np.concatenate([w.ravel() for w in fitted.model.get_weights()])
    return {"losses": np.array(losses), "weights": weights}


def main() -> None:
    file, *worker = sys.argv[1:]
    if not worker:
        np.savez(file, **_fit(None))
        return
    coordinator, rank, of = worker[0], int(worker[1]), int(worker[2])
    right = _fit(Workers(coordinator, rank, of))
    keras = import_keras("jax")
    # processes meet once only: what is left of joining is to share
    fitting.join = lambda workers: keras.distribution.set_distribution(
        keras.distribution.DataParallel(auto_shard_dataset=False)
    )
    wrong = _fit(_FirstShare(coordinator, rank, of))
    np.savez(file, **right, wrong=wrong["weights"])


main()
