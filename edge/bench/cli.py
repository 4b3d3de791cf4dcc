"""`edgeproof bench`."""

import json
from pathlib import Path

import click

from edgeproof.edge.errors import OutputError, UsageError

_INTERRUPTED = 130


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--variants", metavar="IDS", help="TFLite variants, by commas; default: all.")
@click.option(
    "--threads", metavar="NUMBERS", help="By commas: 1,2,4; default: 1, 2, 4, 8 up to the cores."
)
@click.option(
    "--runtime",
    type=click.Choice(["auto", "litert", "tflite-runtime"]),
    default="auto",
    show_default=True,
    help="What executes the model.",
)
@click.option(
    "--image",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Picture of the whole path; default: the bundle's first golden JPEG.",
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Runs that count, at least; a quick model runs for half a second.",
)
@click.option("--warm-up", type=click.IntRange(min=0), default=10, show_default=True)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='One document: {"bundle", "runtime", "versions", "board", "conditions", "picture", '
    '"cases": [{"variant", "threads", "file_bytes", "load_ms", "first_ms", "model", "whole", '
    '"peak_bytes", "failure"}], "complete", "warnings", ...}; model and whole are {"n", '
    '"median_ms", "p95_ms", "p99_ms", "per_second"}.',
)
@click.option("--csv", "as_csv", is_flag=True, help="A line for each case.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw a .png or .svg; needs the extra plot.",
)
def bench(
    bundle: Path,
    variants: str | None,
    threads: str | None,
    runtime: str,
    image: Path | None,
    runs: int,
    warm_up: int,
    as_json: bool,
    as_csv: bool,
    plot: Path | None,
) -> int:
    """Measure the TFLite variants of a BUNDLE on this machine.

    For each variant and number of threads, in a process of its own: file size, time to load, first
    run, median, 95th and 99th percentile of the model alone and of the whole path (decode, input
    contract, model), pictures a second and peak memory. Ctrl-C ends with what was measured so far;
    the exit code is 1 where a variant could not be run.
    """
    if as_json and as_csv:
        raise UsageError("expected --json or --csv, got both")
    if plot is not None:
        _check_plot(plot)
    from edgeproof.edge.bench.run import Plan, run_bench
    from edgeproof.edge.bundle import Bundle

    plan = Plan(
        variants=tuple(part.strip() for part in variants.split(",")) if variants else (),
        threads=_numbers(threads) if threads else (),
        runtime=runtime,  # type: ignore[arg-type]
        image=image,
        runs=runs,
        warm_up=warm_up,
    )
    found = run_bench(Bundle.open(bundle), plan, lambda line: click.echo(line, err=True))
    if as_json:
        from edgeproof.edge.schema import to_json

        click.echo(json.dumps(to_json(found), indent=1))
    elif as_csv:
        from edgeproof.edge.bench.rows import csv_text

        click.echo(csv_text(found), nl=False)
    else:
        from edgeproof.edge.bench.text import text

        click.echo(text(found))
    for sentence in found.warnings:
        click.echo(f"warning: {sentence}", err=True)
    if plot is not None and any(case.model for case in found.cases):
        from edgeproof.edge.bench.plot import draw

        try:
            draw(found, plot)
        except OSError as error:
            raise OutputError(f"expected to write {plot}, got: {error.strerror}") from error
    if not found.complete:
        return _INTERRUPTED
    return 1 if any(case.failure for case in found.cases) else 0


def _numbers(said: str) -> tuple[int, ...]:
    words = [word.strip() for word in said.split(",")]
    if not all(word.isdecimal() and 1 <= int(word) <= 64 for word in words):
        raise UsageError(f"expected --threads as numbers from 1 to 64 (1,2,4), got {said!r}")
    return tuple(dict.fromkeys(map(int, words)))


def _check_plot(plot: Path) -> None:
    """Before anything is measured."""
    from edgeproof.edge.extras import require

    if plot.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"expected --plot FILE.png or FILE.svg, got {plot}")
    require("bench --plot", "plot", "matplotlib")
    if not plot.absolute().parent.is_dir():
        raise OutputError(f"expected a folder to write {plot} in, got none; make it first")
