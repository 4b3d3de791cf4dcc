"""`edgeproof doctor`."""

import json
from pathlib import Path

import click


@click.command()
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='One document: {"passed", "findings": [{"name", "state", "says", "do"}], "board", '
    '"board_id"}; state is ok, warning or problem.',
)
def doctor(bundle: Path | None, as_json: bool) -> int:
    """Say whether this machine is fit to classify, and what to do where it is not.

    Looks at the board, its memory, heat and power, at Python, NumPy, Pillow and the runtimes (each
    really imported), at cameras and the disk, and with a BUNDLE at its files and the golden check
    of each TFLite variant. The exit code is 1 where something stops classification.
    """
    from edgeproof.edge.doctor.examination import examine
    from edgeproof.edge.doctor.text import text

    found = examine(bundle, say=lambda line: click.echo(f"{line} ...", err=True))
    if as_json:
        from edgeproof.edge.schema import to_json

        facts = {"passed": found.passed, "findings": found.findings, "board": found.board}
        click.echo(json.dumps(to_json({**facts, "board_id": found.board_id}), indent=1))
    else:
        click.echo(text(found))
    return 0 if found.passed else 1
