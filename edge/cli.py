"""`edgeproof classify`. NumPy, Pillow and the runtime are imported when the command runs."""

import json
import sys
from pathlib import Path

import click

from edgeproof.edge.errors import ImageError

PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("--variant", metavar="ID", help="TFLite variant to run; default: int8 if present.")
@click.option(
    "--top-k",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many labels to print for each picture.",
)
@click.option(
    "--runtime",
    type=click.Choice(["auto", "litert", "tflite-runtime"]),
    default="auto",
    show_default=True,
    help="What executes the model.",
)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='A JSON line per picture: {"file", "label", "probability", "scores"} '
    'or {"file", "error"}.',
)
def classify(
    bundle: Path,
    images: tuple[str, ...],
    variant: str | None,
    top_k: int,
    runtime: str,
    threads: int,
    as_json: bool,
) -> int:
    """Classify pictures with a BUNDLE's TensorFlow Lite model.

    IMAGE is a file, a folder of pictures, or - for one picture on standard input. A picture that
    cannot be read is reported and the others go on; the exit code is then 1.
    """
    from edgeproof.edge.classifier import Classifier
    from edgeproof.edge.silence import captured_stderr

    sources = _sources(images)
    with captured_stderr():
        classifier = Classifier(bundle, variant, runtime=runtime, threads=threads)  # type: ignore[arg-type]
    failed = False
    for name, source in sources:
        try:
            prediction = classifier.classify(source, top_k)
        except ImageError as error:
            failed = True
            if as_json:
                click.echo(json.dumps({"file": name, "error": str(error)}))
            click.echo(f"edgeproof: {error}", err=True)
            continue
        scores = [{"label": s.label, "probability": s.probability} for s in prediction.scores]
        if as_json:
            click.echo(json.dumps({"file": name, **scores[0], "scores": scores}))
        else:
            shown = "  ".join(f"{s.label} {s.probability:.1%}" for s in prediction.scores)
            click.echo(f"{name}: {shown}")
    return 1 if failed else 0


def _sources(images: tuple[str, ...]) -> list[tuple[str, str | bytes]]:
    """Each picture's name and what to decode. A folder gives its pictures in order of name."""
    sources: list[tuple[str, str | bytes]] = []
    for image in images:
        path = Path(image)
        if image == "-":
            sources.append((image, sys.stdin.buffer.read()))
        elif path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
            if not files:
                raise ImageError(f"{path}: expected pictures in this folder, got none")
            sources.extend((str(p), str(p)) for p in files)
        else:
            sources.append((image, image))
    return sources
