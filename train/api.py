"""The Python door to training: what `edgeproof train` does, for programs and notebooks."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, cast

from edgeproof.train.job import Job, run_job
from edgeproof.train.quiet_keras import Backend, import_keras
from edgeproof.train.recipe import Recipe
from edgeproof.train.recipes import recipe_named

if TYPE_CHECKING:
    import keras

    from edgeproof.train.metrics import Metrics


def train_recipe(
    recipe: str | Recipe,
    run: str | Path,
    *,
    data: str | Path | None = None,
    epochs: int | None = None,
    seed: int = 0,
    limit: int | None = None,
    force: bool = False,
    restart: bool = False,
    backend: Backend = "tensorflow",
    start: str | Path | None = None,
    mixed_precision: bool = False,
) -> "Metrics":
    """Train a recipe and write the folder `run`, whole or not at all.

    A training of `run` that was stopped or killed goes on; Ctrl-C, or a notebook's stop button,
    leaves a run with the best weights until then.

    Args:
        recipe: a name, or a recipe with other knobs (`dataclasses.replace`).
        data: folder with the data set, or one above it; None: EDGEPROOF_DATA, else download.
        epochs: None for the recipe's; the whole schedule is fitted into fewer.
        seed: same seed, same weights, on the same machine.
        limit: at most so many training images, and of the other parts in proportion.
        force: replace an existing run.
        restart: forget an unfinished training of this run.
        backend: what Keras computes with; one for a process.
        start: a run whose weights training begins with, for fine-tuning.
        mixed_precision: compute in bfloat16; the model that is saved computes in float32.

    Returns:
        What `metrics.json` holds.

    Raises:
        EdgeproofError: see the message; nothing half-written is left.
        KeyboardInterrupt: before the first epoch's end.
    """
    chosen = recipe_named(recipe) if isinstance(recipe, str) else recipe
    if epochs is not None:
        schedule = dataclasses.replace(chosen.schedule, epochs=epochs)
        chosen = dataclasses.replace(chosen, schedule=schedule)
    metrics = run_job(
        Job(
            recipe=chosen,
            run=Path(run),
            data=None if data is None else Path(data),
            seed=seed,
            limit=limit,
            force=force,
            restart=restart,
            backend=backend,
            start=None if start is None else Path(start),
            mixed_precision=mixed_precision,
        )
    )
    # one process: it is the one that writes
    return cast("Metrics", metrics)


def untrained_model(recipe: Recipe, labels: int) -> "keras.Model":
    """The recipe's model for so many labels, before any training."""
    import_keras()
    return recipe.model(recipe.contract, labels)
