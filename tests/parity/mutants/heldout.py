"""Labelled images that are labelled wrongly, or that cannot show anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.parity.mutants.golden_data import rewritten
from tests.parity.mutants.mutant import Ground, Mutant


def on_labels(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Ground], None]:
    return lambda ground: rewritten(ground, "heldout/labels.npy", change)


def swapped(labels: np.ndarray) -> np.ndarray:
    return np.where(labels == 3, 8, np.where(labels == 8, 3, labels))


def empty(ground: Ground) -> None:
    for name in ("images", "labels"):
        rewritten(ground, f"heldout/{name}.npy", lambda a: a[:0])


def shuffled(labels: np.ndarray) -> np.ndarray:
    """No label fits its image more often than by guessing; many fit less."""
    return (labels + np.random.default_rng(1).integers(1, 10, len(labels))) % 10


def mutant(
    name: str, change: str, gate: str, seed: Callable[[Ground], None], **options: Any
) -> Mutant:
    return Mutant(f"heldout-{name}", change, gate, seed, **options)


MUTANTS = (
    mutant("swapped", "two classes are swapped", "label-order", on_labels(swapped)),
    mutant(
        "shifted", "every class is shifted by one", "guessing", on_labels(lambda a: (a + 1) % 10)
    ),
    mutant("wrong", "no image has its own class", "guessing", on_labels(shuffled)),
    mutant(
        "one-class",
        "every image is said to be of one class",
        "heldout-classes",
        on_labels(lambda a: np.full_like(a, 3)),
    ),
    mutant("empty", "there are no images", "at least one uint8 image", empty, refused=True),
    mutant(
        "too-large",
        "a class that the model does not have",
        "expected labels 0 to 9",
        on_labels(lambda a: a + 1),
        refused=True,
    ),
)
