"""`edgeproof train`. NumPy, Keras and the plots are imported when the command runs."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeproof.edge.errors import UsageError
from edgeproof.edge.extras import require

if TYPE_CHECKING:
    from edgeproof.train.metrics import Metrics
    from edgeproof.train.quiet_keras import Backend
    from edgeproof.train.recipe import Recipe
    from edgeproof.train.workers import Workers


@click.command()
@click.argument("recipe", metavar="RECIPE")
@click.option(
    "-o",
    "--output",
    "run",
    required=True,
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Folder to write the run to.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder with the data set, or one above it; default: EDGEPROOF_DATA, else download.",
)
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Passes over the training images; default: the recipe's.",
)
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="RATE",
    help="The schedule's peak; default: the recipe's.",
)
@click.option(
    "--from",
    "start",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Begin with the weights of this run instead of random ones: for fine-tuning.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KNOB=VALUE",
    help="Another value for a knob of the recipe, such as batch_size=64 or mixup=0; all knobs are "
    "in the run's config.json under schedule and augmentation. May be repeated.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=0,
    show_default=True,
    help="Same seed, same weights, on the same machine.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Use at most N training images, and of the other parts in proportion: for trying out.",
)
@click.option(
    "--size",
    type=click.IntRange(min=8, max=1024),
    metavar="PIXELS",
    help="folder only: height and width of the model's input; default: 64.",
)
@click.option(
    "--color",
    type=click.Choice(["gray", "rgb"]),
    help="folder only: channels of the model's input; default: rgb.",
)
@click.option(
    "--group-by",
    metavar="REGEX",
    help="folder only: pictures whose path below DIR gives the same match (its first group, if "
    "it has one) are never split between training and test. For patients, slides, videos.",
)
@click.option(
    "--backend",
    type=click.Choice(["tensorflow", "jax", "torch"]),
    default="tensorflow",
    show_default=True,
    help="What Keras computes with; which is fastest differs by machine.",
)
@click.option(
    "--mixed-precision",
    is_flag=True,
    help="Compute in bfloat16, for hardware that is faster in it (recent GPUs, TPUs); the saved "
    "model computes in float32.",
)
@click.option(
    "--workers",
    "coordinator",
    metavar="HOST:PORT",
    help="With --backend jax: this is one of --of processes, on as many machines, that share every "
    "batch; the one of --rank 0 listens here and writes the run.",
)
@click.option("--rank", type=int, metavar="I", help="Which of the workers this is, from 0.")
@click.option("--of", type=click.IntRange(min=1), metavar="N", help="How many workers there are.")
@click.option("--force", is_flag=True, help="Replace an existing run.")
@click.option(
    "--restart",
    is_flag=True,
    help="Forget what an interrupted or killed training of RUN has reached. Otherwise the same "
    "command goes on after its last epoch, to the same weights as without a break.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='One JSON document: {"run", "recipe", "labels", "input", "metrics"}, the last as in '
    "metrics.json.",
)
def train(
    recipe: str,
    run: Path,
    data: Path | None,
    epochs: int | None,
    learning_rate: float | None,
    start: Path | None,
    settings: tuple[str, ...],
    seed: int,
    limit: int | None,
    size: int | None,
    color: str | None,
    group_by: str | None,
    backend: "Backend",
    mixed_precision: bool,
    coordinator: str | None,
    rank: int | None,
    of: int | None,
    force: bool,
    restart: bool,
    as_json: bool,
) -> int:
    """Train a RECIPE and write a run: model, metrics, curves, calibration and test images.

    \b
    digits    8 x 8 handwritten digits from scikit-learn; no download, seconds
    mnist     28 x 28 handwritten digits
    cifar10   32 x 32 photographs of ten things, in under 100 KB; cifar10-large: in under 512 KB
    malaria   64 x 64 blood cells, infected or not; split by slide
    folder    your own pictures: --data DIR with one folder of pictures per class
    """
    extra = "train" if backend == "tensorflow" else f"train-{backend}"
    require("train", extra, backend, "keras", "sklearn", "matplotlib", "rich")
    from edgeproof.train.job import Job, run_job
    from edgeproof.train.knobs import with_knobs
    from edgeproof.train.progress import say

    chosen = _chosen_recipe(recipe, epochs, learning_rate, size, color, group_by)
    chosen = with_knobs(chosen, settings)
    workers = _workers(coordinator, rank, of, backend)
    if workers is not None:
        workers.check(chosen.schedule)
    options = {
        "--learning-rate": learning_rate,
        "--size": size,
        "--color": color,
        "--group-by": group_by,
    }
    job = Job(
        recipe=chosen,
        run=run,
        data=data,
        seed=seed,
        limit=limit,
        force=force,
        restart=restart,
        options=(
            *(str(w) for o in options.items() if o[1] is not None for w in o),
            *(w for setting in settings for w in ("--set", setting)),
        ),
        group_by=group_by,
        backend=backend,
        start=start,
        workers=workers,
        mixed_precision=mixed_precision,
    )
    metrics = run_job(job)
    if metrics is None:
        return 0
    if as_json:
        click.echo(json.dumps(_document(run, chosen, metrics), ensure_ascii=False))
    else:
        _print_summary(run, metrics)
    if metrics.interrupted:
        say(
            f"interrupted after epoch {metrics.epochs} of {chosen.schedule.epochs}; "
            "the same command goes on"
        )
        return 130
    return 0


def _chosen_recipe(
    name: str,
    epochs: int | None,
    learning_rate: float | None,
    size: int | None,
    color: str | None,
    group_by: str | None,
) -> "Recipe":
    import dataclasses

    from edgeproof.train.recipes import recipe_named

    recipe = recipe_named(name)
    if name == "folder":
        from edgeproof.train.recipes.folder import recipe_for

        recipe = recipe_for(size, color, _pattern(group_by))  # type: ignore[arg-type]
    else:
        for option, value in (("--size", size), ("--color", color), ("--group-by", group_by)):
            if value is not None:
                raise UsageError(f"expected {option} with the recipe folder only, got {name}")
    given = {"epochs": epochs, "learning_rate": learning_rate}
    changes = {knob: value for knob, value in given.items() if value is not None}
    schedule = dataclasses.replace(recipe.schedule, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(recipe, schedule=schedule)


def _workers(
    coordinator: str | None, rank: int | None, of: int | None, backend: "Backend"
) -> "Workers | None":
    from edgeproof.train.workers import Workers

    if coordinator is None and rank is None and of is None:
        return None
    if coordinator is None or rank is None or of is None:
        raise UsageError("expected --workers HOST:PORT, --rank I and --of N together")
    if backend != "jax":
        raise UsageError(f"expected --workers with --backend jax, got {backend}")
    return Workers(coordinator, rank, of)


def _pattern(group_by: str | None) -> "re.Pattern[str] | None":
    if group_by is None:
        return None
    try:
        return re.compile(group_by)
    except re.error as error:
        raise UsageError(
            f"--group-by: expected a regular expression, got {group_by!r}: {error}"
        ) from error


def _document(run: Path, recipe: "Recipe", metrics: "Metrics") -> dict[str, object]:
    from edgeproof.edge.schema import to_json

    return {
        "run": str(run),
        "recipe": recipe.name,
        "labels": [figures.label for figures in metrics.test.per_class],
        "input": to_json(recipe.contract),
        "metrics": to_json(metrics),
    }


def _print_summary(run: Path, metrics: "Metrics") -> None:
    test = metrics.test
    low, high = test.interval_95
    worst = min(test.per_class, key=lambda figures: figures.recall)
    click.echo(
        f"test accuracy  {test.accuracy:.2%}  (95 % interval {low:.2%} to {high:.2%}, "
        f"{test.n:,} images)"
    )
    click.echo(f"weakest class  {worst.label}: {worst.recall:.2%} of {worst.n:,} found")
    if metrics.detection is not None:
        found = metrics.detection
        click.echo(f"AUC            {found.auc:.4f} for finding {found.positive}")
    if metrics.spread is not None:
        low, high = metrics.spread.interval_95
        click.echo(
            f"by groups      95 % interval {low:.2%} to {high:.2%}, "
            f"{len(metrics.spread.groups)} groups; lowest {metrics.spread.groups[0].accuracy:.2%}"
        )
    if metrics.robustness is not None:
        other = metrics.robustness
        click.echo(
            f"stress set     {other.stress:.2%}; {other.foreign.kind} {other.foreign.accuracy:.2%}"
        )
    click.echo(
        f"validation     {metrics.validation.accuracy:.2%}, "
        f"weights of epoch {metrics.validation.best_epoch}"
    )
    click.echo(f"parameters     {metrics.parameters:,}")
    click.echo(f"training       {metrics.training_s:.0f} s of {metrics.wall_s:.0f} s")
    click.echo(f"run            {run}")
