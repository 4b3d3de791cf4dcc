"""`edgeproof diff`. TensorFlow and LiteRT start when it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeproof.edge.errors import OutputError
from edgeproof.edge.extras import require

if TYPE_CHECKING:
    from edgeproof.convert.diff.compare import Diff
    from edgeproof.convert.diff.variant_file import VariantFile

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("bundle", type=_PATH)
@click.argument("variant")
@click.option(
    "--source",
    type=_PATH,
    metavar="MODEL",
    help="The Keras model or run that the bundle was made from, where it has moved.",
)
@click.option(
    "-n",
    "count",
    type=click.IntRange(min=1),
    metavar="COUNT",
    help="Run the first COUNT golden inputs. Default: all.",
)
@click.option(
    "--plot", type=_PATH, metavar="FILE.png", help="Draw the ratios; replaces the file if there."
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='One document: {"bundle", "variant", "precision", "inputs", "first", "layers": [{"layer", '
    '"kind", "covers", "tensor", "reads", "snr_db", "own_db", "limit_db", "falls_off"}], '
    '"unmatched"}. '
    "`first` is null where no layer falls off; snr_db is 200 where the values are the same.",
)
def diff(
    bundle: Path,
    variant: str,
    source: Path | None,
    count: int | None,
    plot: Path | None,
    as_json: bool,
) -> int:
    """Find the layer at which a VARIANT of a BUNDLE departs from Keras.

    VARIANT is one of the bundle's, or the path of a .tflite or model.json file that was made of the
    same model. Keras and the file run the bundle's golden inputs with all that they compute kept;
    each layer gets a signal-to-noise ratio, and one of its own: against what Keras' layer makes of
    the very values that the file's layer read. A layer falls off when its own ratio is below what
    the precision explains: 100 dB for float32, 50 for float16, 25 for dynamic-int8, int16x8 and
    uint8, 20 for int8.

    Exit code 1 when a layer falls off.
    """
    require("diff", "convert", "tensorflow", "keras", "ai_edge_litert", "ai_edge_quantizer", "rich")
    if plot is not None:
        require("diff --plot", "plot", "matplotlib")
        if not plot.absolute().parent.is_dir():
            raise OutputError(f"expected a folder for {plot}, got none at {plot.absolute().parent}")
    from edgeproof.edge.silence import captured_stderr

    with captured_stderr():
        file, found = _compared(bundle, variant, source, count)
    if plot is not None:
        from edgeproof.convert.diff.plot import draw_diff

        try:
            draw_diff(found, plot, f"{bundle.name}: {file.label}")
        except OSError as error:
            raise OutputError(f"{plot} cannot be written: {error.strerror or error}") from error
    if as_json:
        document = _document(bundle, file, found)
        click.echo(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        from rich.console import Console

        from edgeproof.convert.diff.table import print_diff

        print_diff(Console(highlight=False), found, file.precision)
    return 0 if found.first is None else 1


def _compared(
    bundle: Path, variant: str, source: Path | None, count: int | None
) -> tuple[VariantFile, Diff]:
    from edgeproof.convert.diff.variant_file import variant_file
    from edgeproof.edge.bundle import Bundle

    opened = Bundle.open(bundle)
    file = variant_file(opened, variant)
    # TensorFlow takes seconds to start: what is asked for is looked at first
    from edgeproof.convert.diff.compare import compared
    from edgeproof.convert.diff.subject import golden_arrays, source_model

    model = source_model(opened, source)
    return file, compared(model, file, golden_arrays(opened, model, count))


def _document(bundle: Path, file: VariantFile, found: Diff) -> dict[str, Any]:
    return {
        "bundle": str(bundle),
        "variant": file.label,
        "precision": file.precision,
        "inputs": found.inputs,
        "first": None if found.first is None else found.first.layer,
        "layers": [
            {
                "layer": row.layer,
                "kind": row.kind,
                "covers": list(row.covers),
                "tensor": row.tensor,
                "reads": list(row.reads),
                "snr_db": round(row.snr_db, 2),
                "own_db": round(row.own_db, 2),
                "limit_db": round(row.limit_db, 2),
                "falls_off": row.fell,
            }
            for row in found.rows
        ],
        "unmatched": list(found.unmatched),
    }
