"""`python -m edgeproof.train.zoo RUN`: for maintainers, a finished run becomes an entry."""

import dataclasses
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from edgeproof.edge.errors import EdgeproofError, UsageError
from edgeproof.train.progress import say
from edgeproof.train.zoo.add import ZOO, Run, add, read_run
from edgeproof.train.zoo.converted import ConvertedFigures, figures_in

# the device's runtime, and what visitors' browsers run
_RUNTIMES = "litert,tfjs-wasm"
_COMMAND = "import sys; from edgeproof.edge.main import entrypoint; sys.exit(entrypoint())"


@click.command(name="python -m edgeproof.train.zoo")
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="As edgeproof train --data: convert the entry and measure the result on the whole test "
    "set, for the card. Without it the card says nothing about converted files.",
)
@click.option(
    "--machine",
    "machine",
    multiple=True,
    metavar="NAME=TEXT",
    help="What the run's metrics say wrongly, or not at all, of the machine that trained: "
    "accelerator, processor; may be repeated.",
)
@click.option(
    "--zoo",
    type=click.Path(path_type=Path),
    default=ZOO,
    metavar="DIR",
    help="Where entries lie; default: in this package.",
)
@click.option("--force", is_flag=True, help="Replace an existing entry.")
def main(folder: Path, data: Path | None, machine: tuple[str, ...], zoo: Path, force: bool) -> None:
    """Make a finished RUN of edgeproof train an entry of the zoo, model card and all."""
    run = read_run(folder)
    told = {**run.metrics.machine, **dict(map(_named, machine))}
    run = dataclasses.replace(run, metrics=dataclasses.replace(run.metrics, machine=told))
    converted = () if data is None else measured(run, data)
    entry = add(run, zoo, converted, force=force)
    size = sum(path.stat().st_size for path in entry.rglob("*") if path.is_file())
    click.echo(f"{entry}: {size:,} bytes")


def _named(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not value:
        raise UsageError(f"expected NAME=TEXT for --machine, got {text!r}")
    return name, value


def measured(run: Run, data: Path) -> tuple[ConvertedFigures, ...]:
    """What the run's entry, converted, scores on the whole test set.

    Raises:
        EdgeproofError: it cannot be converted, or a gate breaks.
    """
    with tempfile.TemporaryDirectory() as place:
        entry, bundle = add(run, Path(place) / "zoo"), Path(place) / run.config.recipe
        _edgeproof("convert", entry, "-o", bundle)
        _edgeproof("verify", bundle, "--data", data, "--runtimes", _RUNTIMES, "--no-layers")
        return figures_in(json.loads((bundle / "report.json").read_bytes()))


def _edgeproof(*arguments: str | Path) -> None:
    # a process of its own: the package that trains imports none that converts
    say(f"edgeproof {arguments[0]}")
    command = [sys.executable, "-c", _COMMAND, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise EdgeproofError(f"edgeproof {arguments[0]} failed; what it said:\n{done.stdout}")


if __name__ == "__main__":
    try:
        main()
    except EdgeproofError as error:
        say(f"edgeproof: {error}")
        sys.exit(error.exit_code)
