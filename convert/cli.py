"""`edgeproof convert`. TensorFlow is imported only after the cheap checks."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeproof.edge.errors import UsageError
from edgeproof.edge.extras import require
from edgeproof.edge.output_folder import check_output

if TYPE_CHECKING:
    from edgeproof.convert.content import BundleContent
    from edgeproof.convert.options import ConvertOptions
    from edgeproof.edge.manifest import Manifest

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("model", type=click.Path())
@click.option("-o", "--output", "bundle", type=_PATH, required=True, metavar="BUNDLE")
@click.option(
    "--variants",
    default="all",
    show_default=True,
    metavar="a,b|all",
    help="Which forms to make. With `all`, what the model cannot become is skipped and said.",
)
@click.option("--labels", type=_PATH, metavar="FILE", help="One label per line, or a JSON list.")
@click.option(
    "--calibration",
    type=_PATH,
    metavar="DIR|FILE.npz",
    help="Training pictures that int8 ranges are measured on: a folder, an .npz with `images`, "
    "or an .npz with one array per input of a model that takes no picture.",
)
@click.option("--scale", metavar="S[,S,S]", help="input = pixel * scale + offset")
@click.option("--offset", metavar="O[,O,O]")
@click.option(
    "--normalize",
    type=click.Choice(["imagenet", "zero-one", "minus-one-one"]),
    help="A usual scale and offset by name.",
)
@click.option("--size", metavar="HxW", help="Image size, for models that take any.")
@click.option(
    "--length",
    metavar="N[,N]|dynamic",
    help="Steps of models that take any number; dynamic keeps it free in TF.js graph models.",
)
@click.option("--fit", type=click.Choice(["stretch", "crop", "pad"]), help="Default: stretch.")
@click.option("--background", metavar="R,G,B", help="Behind transparency. Default: 0,0,0.")
@click.option(
    "--scores",
    type=click.Choice(["softmax", "logits", "sigmoid"]),
    help="How to read the output. Default: from the model's last operation.",
)
@click.option(
    "--batch",
    metavar="N|dynamic",
    help="Samples per call of the TFLite files. Default: the model's own fixed batch, or 1.",
)
@click.option(
    "--trust-lambda",
    is_flag=True,
    help="Run the Python code of Lambda layers: only for files whose origin you know.",
)
@click.option(
    "--custom-objects",
    multiple=True,
    metavar="module:Class",
    help="A layer class or function of your own; may be given more than once.",
)
@click.option(
    "--signature",
    metavar="NAME",
    help="Of a SavedModel. Default: serving_default, or the only one.",
)
@click.option("--name", help="The bundle's name. Default: the run's, or the file's.")
@click.option("--seed", type=int, help="Of the golden and calibration samples.")
@click.option(
    "--writer",
    type=click.Choice(["edgeproof", "tensorflowjs"]),
    default="edgeproof",
    show_default=True,
    help="Of the TF.js files; tensorflowjs, the public converter, needs the extra `reference`.",
)
@click.option(
    "--keep-float",
    metavar="LAYER[,LAYER]|auto",
    help="Keras layers of the integer TFLite variants that stay in float; auto finds the fewest "
    "with which the gates of cost hold, chosen on one half of the held-out images (or of samples "
    "held back from calibration) and confirmed on the other.",
)
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another limit for --keep-float: accuracy-drop, agreement, confidence-drift or noise, "
    "for all precisions or one (accuracy-drop:int8=0.5). Default: those of `edgeproof verify`.",
)
@click.option("--force", is_flag=True, help="Replace an existing bundle.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='One document: {"bundle", "name", "task", "labels", "variants": [{"id", "entry", '
    '"bytes", "ratio", "seconds"}], "skipped": [{"id", "reason"}], "golden": {"source", '
    '"inputs", "files"}, "calibration", "kept_float": [{"variant", "layers": [{"layer", '
    '"covers"}], "of_layers", "chosen_on", "measured_on", "gates": [{"gate", "limit", "bound", '
    '"before", "after"}], "bytes_before", "bytes_after", "median_ms_before", "median_ms_after", '
    '"tried": [{"layers", "holds", "gates", "problem"}], "sensitivities": [{"layer", "snr_db"}], '
    '"quantisations", "evaluations", "seconds"}], "seconds"}. `ratio` is to the float32 of the '
    "same format.",
)
def convert(
    model: str, bundle: Path, variants: str, force: bool, as_json: bool, **given: Any
) -> None:
    """Convert a Keras MODEL to a bundle of TensorFlow Lite and TensorFlow.js files.

    MODEL is a run folder, a .keras, .h5 or .hdf5 file, or a SavedModel folder; or the name of a
    trained model that comes with the package, such as mnist, where no such path exists (a wrong
    name lists them). Python code that is stored in a model is not run, unless --trust-lambda says
    so.
    """
    require("convert", "convert", "tensorflow", "keras", "ai_edge_quantizer", "rich", "h5py")
    if given["writer"] == "tensorflowjs":
        # Python 3.10 to 3.12 only, as its own dependencies are
        require("convert --writer tensorflowjs", "reference", "tensorflowjs")
    start = time.perf_counter()
    options = _options(variants, given)
    content, manifest = _converted(model, bundle, options, force=force)
    seconds = time.perf_counter() - start
    if as_json:
        click.echo(json.dumps(_document(bundle, content, manifest, seconds), indent=1))
    else:
        _print_table(bundle, content, manifest)


def _converted(
    model: str, bundle: Path, options: ConvertOptions, *, force: bool
) -> tuple[BundleContent, Manifest]:
    from edgeproof.convert.calibration import check_calibration_path
    from edgeproof.convert.labels import labels_from_file
    from edgeproof.convert.made_by import shown_command
    from edgeproof.convert.rescue.request import check_keep_float
    from edgeproof.convert.source import find_source
    from edgeproof.convert.variants import chosen_variants
    from edgeproof.edge.bundle import MANIFEST
    from edgeproof.edge.silence import captured_stderr, talk_stream

    # everything cheap first: importing TensorFlow alone costs seconds
    recipes = chosen_variants(options.variants)
    check_output(bundle, force=force, marker=MANIFEST)
    if options.labels is not None:
        labels_from_file(options.labels)
    if options.calibration is not None:
        check_calibration_path(options.calibration)
    check_keep_float(options)
    source = find_source(model, trust_lambda=options.trust_lambda)
    with talk_stream() as stream, captured_stderr():
        from edgeproof.convert.progress import shown_progress

        with shown_progress(stream, steps=len(recipes) + 6) as progress:
            progress.step("starting TensorFlow")
            from edgeproof.convert.bundle_writer import write_bundle
            from edgeproof.convert.conversion import bundle_content

            command = shown_command(click.get_current_context())
            content = bundle_content(source, options, command=command, progress=progress)
            progress.step(f"writing {bundle}")
            manifest = write_bundle(bundle, content, force=force)
    return content, manifest


def _options(variants: str, given: dict[str, Any]) -> ConvertOptions:
    from edgeproof.convert.options import ConvertOptions

    if given["normalize"] and (given["scale"] or given["offset"]):
        raise UsageError("expected --normalize or --scale and --offset, got both; choose one")
    given["batch"] = _batch(given["batch"])
    given["scale"] = _numbers("scale", given["scale"], float)
    given["offset"] = _numbers("offset", given["offset"], float)
    given["background"] = _numbers("background", given["background"], int)
    given["size"] = _numbers("size", given["size"], int, separator="x")
    given["length"] = _lengths(given["length"])
    for name, length in (("background", 3), ("size", 2)):
        if given[name] is not None and len(given[name]) != length:
            raise UsageError(f"expected {length} numbers for --{name}, got {len(given[name])}")
    given["keep_float"] = _layers(given["keep_float"])
    return ConvertOptions(variants=variants, **given)


def _layers(text: str | None) -> tuple[str, ...] | str | None:
    if text is None or text == "auto":
        return text
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _batch(text: str | None) -> int | str | None:
    if text is None or text == "dynamic":
        return text
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"expected a number of at least 1 or dynamic for --batch, got {text!r}")
    return int(text)


def _lengths(text: str | None) -> tuple[int, ...] | str | None:
    if text == "dynamic":
        return text
    numbers = _numbers("length", text, int)
    if numbers is not None and min(numbers) < 1:
        raise UsageError(f"expected numbers of at least 1 or dynamic for --length, got {text!r}")
    return numbers


def _numbers(
    name: str, text: str | None, number: type[int] | type[float], separator: str = ","
) -> tuple[Any, ...] | None:
    if text is None:
        return None
    try:
        return tuple(number(part) for part in text.lower().split(separator))
    except ValueError as error:
        raise UsageError(
            f"expected numbers separated by {separator!r} for --{name}, got {text!r}"
        ) from error


def _document(
    bundle: Path, content: BundleContent, manifest: Manifest, seconds: float
) -> dict[str, Any]:
    from edgeproof.convert.rescue.table import rescue_document

    timed = {variant.id: variant.seconds for variant in content.variants}
    return {
        "bundle": str(bundle),
        "name": manifest.name,
        "task": manifest.task,
        "labels": list(manifest.labels),
        "variants": [
            {
                "id": v.id,
                "entry": v.entry,
                "bytes": v.bytes,
                "ratio": _ratio(manifest, v.id),
                "seconds": round(timed[v.id], 3),
            }
            for v in manifest.variants
        ],
        "skipped": [{"id": s.id, "reason": s.reason} for s in manifest.skipped],
        "golden": {
            "source": manifest.golden.source,
            "inputs": len(content.golden.stored[0]),
            "files": len(manifest.golden.files),
        },
        "calibration": manifest.provenance.calibration,
        "kept_float": [rescue_document(found) for found in content.rescues],
        "seconds": round(seconds, 3),
    }


def _ratio(manifest: Manifest, variant_id: str) -> float | None:
    """Bytes relative to the float32 variant of the same format; None where there is none."""
    sizes = {v.id: v.bytes for v in manifest.variants}
    form = next(v.format for v in manifest.variants if v.id == variant_id)
    whole = sizes.get(f"{form}-float32")
    return None if whole is None else round(sizes[variant_id] / whole, 4)


def _print_table(bundle: Path, content: BundleContent, manifest: Manifest) -> None:
    from rich.console import Console
    from rich.table import Table

    from edgeproof.convert.rescue.table import print_rescue

    table = Table(title=f"{manifest.name}: {bundle}", title_justify="left")
    table.add_column("variant")
    for column in ("bytes", "of float32", "seconds"):
        table.add_column(column, justify="right")
    timed = {variant.id: variant.seconds for variant in content.variants}
    for variant in manifest.variants:
        ratio = _ratio(manifest, variant.id)
        shown = "" if ratio is None else f"{ratio:.0%}"
        table.add_row(variant.id, f"{variant.bytes:,}", shown, f"{timed[variant.id]:.1f}")
    console = Console(highlight=False)
    console.print(table)
    for skipped in manifest.skipped:
        console.print(f"skipped {skipped.id}: {skipped.reason}", markup=False, soft_wrap=True)
    for found in content.rescues:
        print_rescue(console, found)
