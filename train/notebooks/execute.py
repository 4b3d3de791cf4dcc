"""Runs the notebooks and keeps the executed copies, for reading and for the tests.

python train/notebooks/execute.py [NAME...] [-o FOLDER] [-p NAME=VALUE]
"""

import ast
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets.config import Config

HERE = Path(__file__).parent
# papermill's names, so that it runs these notebooks as well
_PARAMETERS, _INJECTED = "parameters", "injected-parameters"


def with_parameters(notebook: NotebookNode, values: Mapping[str, object]) -> NotebookNode:
    """The notebook with a cell behind its `parameters` that sets these names anew.

    Raises:
        click.UsageError: a name that the notebook has no parameter for.
    """
    place = next(
        i for i, c in enumerate(notebook.cells) if _PARAMETERS in c.metadata.get("tags", ())
    )
    known = [
        target.id
        for node in ast.parse(notebook.cells[place].source).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    for name in values:
        if name not in known:
            raise click.UsageError(f"expected one of the parameters {', '.join(known)}, got {name}")
    if values:
        cell = nbformat.v4.new_code_cell(
            "\n".join(f"{name} = {value!r}" for name, value in values.items()),
            id=_INJECTED,
            metadata={"tags": [_INJECTED]},
        )
        notebook.cells.insert(place + 1, cell)
    return notebook


def execute(name: str, folder: Path, values: Mapping[str, object]) -> Path:
    """Run a notebook in `folder` and write the executed copy there, also where a cell failed.

    Raises:
        CellExecutionError: a cell raised; the rest was not run.
    """
    notebook = nbformat.read(HERE / f"{name}.ipynb", as_version=4)
    copy = folder / f"{name}.ipynb"
    with TemporaryDirectory() as sockets:
        # not TCP, to which other users of the machine could listen
        config = Config()
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = str(Path(sockets) / "kernel")
        client = NotebookClient(
            with_parameters(notebook, values),
            config=config,
            timeout=None,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            # when a cell began and ended, which no two executions share
            record_timing=False,
        )
        try:
            client.execute()
        finally:
            nbformat.write(client.nb, copy)
    return copy


def _assignment(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"expected NAME=VALUE, got {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted(p.stem for p in HERE.glob("*.ipynb"))))
@click.option(
    "-o",
    "--output",
    "folder",
    default=Path("build/notebooks"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where they run: runs and bundles are written there too.",
)
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value for a parameter: epochs=1, limit=5000. A Python literal, else text.",
)
def main(names: tuple[str, ...], folder: Path, parameters: tuple[str, ...]) -> None:
    """Run notebooks, all of them by default."""
    values = dict(map(_assignment, parameters))
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or sorted(p.stem for p in HERE.glob("*.ipynb")):
        click.echo(f"{name}: running", err=True)
        try:
            click.echo(execute(name, folder.absolute(), values))
        except CellExecutionError as error:
            click.echo(f"{name}: {error}", err=True)
            sys.exit(1)


if __name__ == "__main__":
    main()
