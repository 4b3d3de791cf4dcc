"""`edgeproof verify`. TensorFlow, the browser and the TFLite runtimes start when it runs."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeproof.edge.extras import require

if TYPE_CHECKING:
    from edgeproof.convert.verify.report import Report


def _list_gates(context: click.Context, option: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        from edgeproof.convert.verify.gate_options import listing
        from edgeproof.convert.verify.gates import GATES

        click.echo(listing(GATES))
        context.exit()


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path), required=False)
@click.option(
    "--runtimes",
    metavar="A,B",
    help="What to run the variants on, separated by commas: keras, litert, litert-reference, "
    "tflite-runtime, litert-arm64, tflite-runtime-armv7 (--prepare-arm), tfjs-reference, "
    "tfjs-cpu, tfjs-wasm, tfjs-wasm-threads, tfjs-webgl, tfjs-webgl-f16 (half-precision "
    "textures), tfjs-webgpu, litertjs-wasm, litertjs-webgpu. "
    "Default: all that can run here.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE.npz",
    help="Labelled images to measure the cost on: a folder for each label, an .npz with `images` "
    "and `labels`, or the folder of the recipe's data set. Default: the bundle's held-out images.",
)
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    help="The Keras model or run that the bundle was made from, where it has moved.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Use at most N of the labelled images."
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many runtimes give answers at a time, and how many processes share the labelled "
    "images of one that takes long; each needs up to 1 GB. Default: one on each core. Latency is "
    "measured afterwards, one runtime at a time.",
)
@click.option(
    "--scheduler",
    metavar="tcp://HOST:PORT",
    help="Run the labelled images on the workers of this Dask cluster, for keras, litert, "
    "litert-reference and tflite-runtime; all else stays on this machine. Only for a cluster that "
    "you trust: Dask runs what it is sent.",
)
@click.option(
    "--gate",
    "overrides",
    multiple=True,
    metavar="NAME=VALUE",
    help="Replace a limit, for example accuracy-drop=0.5 (percentage points); for one precision "
    "alone: accuracy-drop:int8=0.5. May be repeated.",
)
@click.option(
    "--gates",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_gates,
    help="List all limits, each with its reason, and exit.",
)
@click.option(
    "--positive",
    metavar="LABEL",
    help="The label that sensitivity is about, for models of two labels. Default: the one that a "
    "single sigmoid unit scores, else the first.",
)
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the verdicts as JUnit XML too, a test case for each variant on each runtime, "
    "whether gates hold or break.",
)
@click.option(
    "--layers/--no-layers",
    default=True,
    show_default=True,
    help="Compare each variant with Keras layer by layer for report.html, where the keras runtime "
    "runs: 2 s for a small model, half a minute for a MobileNet, never more than two.",
)
@click.option(
    "--prepare-arm",
    is_flag=True,
    help="Make what litert-arm64 and tflite-runtime-armv7 need, once, in the user's cache: a "
    "Raspberry Pi's own wheels and an emulator, 200 MB each. Needs a network, apt-get and no "
    "superuser. Without a BUNDLE that is all.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print report.json instead of the table (of --prepare-arm alone: what was made). "
    "Keys: schema_version, passed, bundle, created, environment, runtimes, references, data, rows, "
    "broken, gates, wall_s, examples, layers. docs/report.md explains every field; the JSON Schema "
    "is edgeproof/convert/verify/report.schema.json.",
)
def verify(
    bundle: Path | None,
    runtimes: str | None,
    data: Path | None,
    source: Path | None,
    limit: int | None,
    jobs: int | None,
    scheduler: str | None,
    overrides: tuple[str, ...],
    layers: bool,
    prepare_arm: bool,
    positive: str | None,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Prove that a BUNDLE's variants give the answers that the Keras model gave.

    Runs the golden inputs, the golden picture files and labelled held-out images through every
    variant on every runtime, writes report.json and report.html into the bundle and prints a table.
    Exit code 1 when a gate breaks.
    """
    require("verify", "verify", "numpy", "rich")
    from edgeproof.convert.progress import shown_progress
    from edgeproof.convert.verify.gate_options import with_overrides
    from edgeproof.convert.verify.gates import GATES
    from edgeproof.convert.verify.junit import junit_of_error, junit_of_report
    from edgeproof.convert.verify.plan import planned
    from edgeproof.convert.verify.run import verify_bundle
    from edgeproof.convert.verify.scaleout.workers import opened_workers
    from edgeproof.convert.verify.schedule import cores
    from edgeproof.convert.verify.source import moved_source
    from edgeproof.convert.verify.write import check_writable, write_report, write_whole
    from edgeproof.edge.bundle import Bundle
    from edgeproof.edge.errors import EdgeproofError, UsageError

    if prepare_arm:
        _prepare_arm(as_json=as_json and bundle is None, quiet=bundle is not None)
    if bundle is None:
        if prepare_arm:
            return 0
        raise UsageError("expected a BUNDLE to verify, got none; make one: edgeproof convert MODEL")
    gates = with_overrides(GATES, overrides)
    opened = Bundle.open(bundle)
    if source is not None:
        opened = moved_source(opened, source, "--source")
    check_writable(opened.folder)
    if junit is not None:
        check_writable(junit.parent, junit.name)
    names = None if runtimes is None else [n.strip() for n in runtimes.split(",") if n.strip()]
    plan = planned(opened, names)
    try:
        with (
            opened_workers(scheduler, jobs or cores()) as workers,
            shown_progress(sys.stderr, plan.steps + layers) as progress,
        ):
            report = verify_bundle(
                opened,
                plan=plan,
                data=data,
                limit=limit,
                gates=gates,
                positive=positive,
                at_once=jobs,
                workers=workers,
                layers=layers,
                progress=progress,
            )
    except EdgeproofError as error:
        if junit is not None:
            write_whole(junit, junit_of_error(opened.manifest.name, str(error)).encode())
        raise
    try:
        write_report(report, opened.folder)
        if junit is not None:
            write_whole(junit, junit_of_report(report).encode())
    finally:  # what took minutes to measure is not lost with a file that cannot be written
        _print(report, opened.folder, as_json=as_json)
    for broken in report.broken:
        click.echo(f"edgeproof: {broken.sentence}", err=True)
    return 0 if report.passed else 1


def _prepare_arm(*, as_json: bool, quiet: bool) -> None:
    """Make the emulated boards; say what is on them, unless a bundle's table follows."""
    from dataclasses import asdict

    from edgeproof.convert.progress import shown_progress
    from edgeproof.convert.verify.arm.boards import BOARDS
    from edgeproof.convert.verify.arm.prepare import STEPS_OF_A_BOARD, prepare_boards

    with shown_progress(sys.stderr, STEPS_OF_A_BOARD * len(BOARDS)) as progress:
        stamps = prepare_boards(progress)
    if as_json:
        click.echo(json.dumps({name: asdict(stamp) for name, stamp in stamps.items()}))
    elif not quiet:
        for name, stamp in stamps.items():
            versions = ", ".join(f"{what} {version}" for what, version in stamp.versions.items())
            click.echo(f"{name}: {versions} ({stamp.bytes / 1e6:.0f} MB)")


def _print(report: "Report", folder: Path, *, as_json: bool) -> None:
    from edgeproof.convert.verify.write import json_report

    if as_json:
        click.echo(json_report(report, indent=None), nl=False)
        return
    from rich.console import Console

    from edgeproof.convert.verify.table import print_table

    # wide enough for every column where there is no terminal to fit
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160
    print_table(report, console)
    console.print()
    for runtime in report.runtimes:
        if runtime.state != "not asked for" and runtime.reason is not None:
            console.print(
                f"{runtime.name}: {runtime.state}: {runtime.reason}", markup=False, soft_wrap=True
            )
    for sentence in report.references:
        console.print(sentence, markup=False, soft_wrap=True)
    for variant, layer in report.layers.fallen:
        sentence = f"{layer} is the first layer of {variant} that falls off: edgeproof diff"
        console.print(f"{sentence} {folder} {variant}", markup=False, soft_wrap=True)
    verdict = "All gates hold" if report.passed else f"{len(report.broken)} gates broke"
    console.print(
        f"{verdict}. {folder / 'report.html'} ({report.wall_s:.0f} s)", markup=False, soft_wrap=True
    )
