"""`edgeproof inspect`. TensorFlow is imported only for what needs its shapes."""

from __future__ import annotations

import json
from pathlib import Path

import click

from edgeproof.edge.extras import require


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How many layers to list by size.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='One document: {"path", "kind", "bytes", "inputs": [{"name", "dtype", "shape", "scale", '
    '"zero_point"}], "outputs", "operations": [{"name", "count", "macs"}], "parameters", "macs", '
    '"weights": [{"name", "layer", "dtype", "shape", "bytes", "scales"}], "notes", "parts"}; '
    "the models of a bundle or a run are its `parts`.",
)
def inspect(path: Path, top: int, as_json: bool) -> None:
    """Show what is in a model: tensors, operations, parameters, quantisation, size by layer.

    PATH is a .keras, .h5, .hdf5, .tflite or TF.js model.json file, a SavedModel folder, a run or a
    bundle. No Python code that is stored in it is run.
    """
    require("inspect", "convert", "tensorflow", "keras", "ai_edge_litert", "h5py", "rich")
    from edgeproof.convert.inspect.find import inspect_path
    from edgeproof.edge.schema import to_json
    from edgeproof.edge.silence import captured_stderr

    with captured_stderr():
        found = inspect_path(path)
    if as_json:
        click.echo(json.dumps(to_json(found), indent=1, ensure_ascii=False, allow_nan=False))
        return
    from rich.console import Console

    from edgeproof.convert.inspect.table import print_inspection

    print_inspection(Console(highlight=False), found, top=top)
