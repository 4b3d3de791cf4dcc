"""A training from end to end: data in, run folder out."""

import shlex
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeproof.edge.deployment import Deployment
from edgeproof.edge.output_folder import check_output, whole_folder
from edgeproof.edge.shown_path import shown_path
from edgeproof.train.data.source import Source
from edgeproof.train.data_checks import tell_oddities
from edgeproof.train.data_set import load_data
from edgeproof.train.interrupt import interruptible
from edgeproof.train.machine import versions
from edgeproof.train.parts import Parts
from edgeproof.train.progress import say
from edgeproof.train.quiet_keras import Backend
from edgeproof.train.recipe import Recipe
from edgeproof.train.run_config import (
    CONFIG,
    SCHEMA_VERSION,
    DataRecord,
    RunConfig,
    SplitRecord,
)
from edgeproof.train.start import Start, start_from
from edgeproof.train.unfinished import Unfinished, is_interrupted
from edgeproof.train.workers import Workers

if TYPE_CHECKING:
    from edgeproof.train.metrics import Metrics


@dataclass(frozen=True)
class Job:
    """What the user asked for.

    Attributes:
        recipe: with the number of epochs already in its schedule.
        data: `--data`, or None.
        limit: at most so many training images, or None.
        force: replace an existing run.
        restart: forget an unfinished training of this run.
        options: the recipe's own options as they were given, for the record.
        group_by: the pattern of `--group-by`, for the record.
        backend: what Keras computes with.
        workers: this is one of several processes, or None.
        start: the run whose weights training begins with, or None.
        mixed_precision: compute in bfloat16.
    """

    recipe: Recipe
    run: Path
    data: Path | None
    seed: int
    limit: int | None
    force: bool
    restart: bool = False
    options: tuple[str, ...] = ()
    group_by: str | None = None
    backend: Backend = "tensorflow"
    workers: Workers | None = None
    start: Path | None = None
    mixed_precision: bool = False


def run_job(job: Job) -> "Metrics | None":
    """Train and write the run folder, whole or not at all; go on with an unfinished training.

    None: this worker is not the one that writes.

    Raises:
        TrainError, UsageError, OutputError: see their messages.
        KeyboardInterrupt: before the first epoch's end; of a worker that does not write, always.
    """
    # one worker that ended in the midst of an epoch would leave the others waiting for it
    with interruptible(at_once=job.workers is None):
        return _run(job)


def _run(job: Job) -> "Metrics | None":
    started = time.perf_counter()
    recipe = job.recipe
    replace = job.force or is_interrupted(job.run)
    # first: no data is decoded for a place that cannot be written
    check_output(job.run, force=replace, marker=CONFIG)
    found = load_data(recipe, job.data, limit=job.limit, seed=job.seed)
    source, parts = found.source, found.parts
    say(
        f"{recipe.name}: {len(parts.train):,} training, "
        f"{len(parts.calibration):,} calibration, "
        f"{len(parts.validation):,} validation, {len(parts.test):,} test images"
    )
    tell_oddities(recipe, source, parts)
    start = None if job.start is None else start_from(job.start, recipe.name, source.label_names)
    config = _config(job, source, parts, start)
    unfinished = Unfinished(job.run, config, parts)
    leads = job.workers is None or job.workers.rank == 0
    if job.restart and leads:
        unfinished.remove()
    from edgeproof.train.fit import fit

    fitted = fit(
        recipe,
        len(source.label_names),
        parts.train,
        parts.validation,
        seed=job.seed,
        # the others may look before the first has removed what is to be forgotten
        keeper=unfinished if leads or not job.restart else None,
        backend=job.backend,
        start=start,
        workers=job.workers,
        mixed_precision=job.mixed_precision,
    )
    if not leads:
        if fitted.interrupted:
            raise KeyboardInterrupt
        return None
    from edgeproof.train.run_folder import write_run

    with whole_folder(job.run, force=replace, marker=CONFIG) as folder:
        metrics = write_run(folder, recipe, config, fitted, parts, source, started)
    if not fitted.interrupted:
        unfinished.remove()
    return metrics


def _config(job: Job, source: Source, parts: Parts, start: Start | None) -> RunConfig:
    recipe = job.recipe
    return RunConfig(
        schema_version=SCHEMA_VERSION,
        recipe=recipe.name,
        seed=job.seed,
        epochs=recipe.schedule.epochs,
        limit=job.limit,
        command=_command(job),
        versions=versions(job.backend),
        data=DataRecord(
            origin=source.origin,
            images=len(source.labels),
            left_out=tuple(str(picture.path) for picture in parts.left_out),
            group_by=job.group_by,
        ),
        split=SplitRecord(
            plan=recipe.split,
            train=len(parts.train),
            calibration=len(parts.calibration),
            validation=len(parts.validation),
            test=len(parts.test),
            groups=None if source.groups is None else len(set(source.groups.tolist())),
        ),
        schedule=recipe.schedule,
        augmentation=recipe.augmentation,
        deployment=Deployment(
            name=recipe.name,
            labels=source.label_names,
            input=recipe.contract,
            scores="softmax",
            notice=recipe.notice,
        ),
        backend=job.backend,
        start=None if start is None else start.record,
        mixed_precision=job.mixed_precision,
        workers=None if job.workers is None else job.workers.of,
    )


def _command(job: Job) -> str:
    """The command that makes this run again, without folders of this machine.

    Where a published data set lay says nothing; for the recipe folder, `--data` names what was
    trained on.
    """
    words = ["edgeproof", "train", job.recipe.name, "-o", shown_path(job.run)]
    if job.data is not None and job.recipe.name == "folder":
        words += ["--data", shown_path(job.data)]
    words += ["--epochs", str(job.recipe.schedule.epochs), "--seed", str(job.seed)]
    if job.backend != "tensorflow":
        words += ["--backend", job.backend]
    if job.workers is not None:
        # where the first one listens is its own affair
        words += ["--workers", "HOST:PORT", "--rank", "0", "--of", str(job.workers.of)]
    if job.mixed_precision:
        words += ["--mixed-precision"]
    if job.start is not None:
        words += ["--from", shown_path(job.start)]
    if job.limit is not None:
        words += ["--limit", str(job.limit)]
    return shlex.join([*words, *job.options])
