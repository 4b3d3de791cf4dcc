"""`edgeproof classify`. What a run does not need is not imported."""

import os
from pathlib import Path

import click

from edgeproof.edge.errors import UsageError


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@click.option("--watch", metavar="DIR", help="Classify the pictures that come to lie below DIR.")
@click.option("--existing", is_flag=True, help="With --watch: first those that lie there already.")
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=2.0,
    show_default=True,
    help="With --watch: how long a file must rest where the system does not tell that its writer "
    "closed it (network folders, other users' files).",
)
@click.option(
    "--camera",
    metavar="[auto|picamera2|v4l2:DEVICE|FILE]",
    is_flag=False,
    flag_value="auto",
    help="Classify a camera's frames, or a video file's. Without a value: auto.",
)
@click.option(
    "--fps",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="With --camera: at most N frames a second; default: as many as can be.",
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --camera: every Nth frame; default: every one.",
)
@click.option(
    "--variant",
    metavar="ID",
    help="TFLite variant to run; auto: the fastest that is right on this board, measured once; "
    "default: int8 if present.",
)
@click.option(
    "--top-k",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many labels to give for each picture.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    metavar="P",
    default=0.0,
    show_default=True,
    help="Leave out labels that are less probable.",
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
    'or {"file", "error"}; of a watched folder or a live camera with "time" too.',
)
@click.option(
    "--csv",
    "as_csv",
    is_flag=True,
    help="CSV with a header, a row per label: time, file, rank, label, probability, error.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append to FILE instead of printing.",
)
@click.option(
    "--publish",
    metavar="URL",
    help="Publish the JSON, too: mqtt[s]://[user[:password]@]host[:port]/topic; the password may "
    "be in EDGEPROOF_MQTT_PASSWORD instead.",
)
@click.option(
    "--publish-queue",
    type=click.IntRange(min=1),
    metavar="N",
    default=1000,
    show_default=True,
    help="How many results wait while the broker is away; the oldest go first.",
)
def classify(
    bundle: Path,
    images: tuple[str, ...],
    watch: str | None,
    existing: bool,
    settle: float,
    camera: str | None,
    fps: float | None,
    every: int | None,
    variant: str | None,
    top_k: int,
    threshold: float,
    runtime: str,
    threads: int,
    as_json: bool,
    as_csv: bool,
    output: Path | None,
    publish: str | None,
    publish_queue: int,
) -> int:
    """Classify pictures with a BUNDLE's TensorFlow Lite model.

    IMAGE is a file, a folder of pictures, a quoted pattern such as 'shots/*.jpg', or - for one
    picture on standard input. A picture that cannot be read is reported and the others go on; the
    exit code is then 1. --watch and --camera go on until SIGTERM or Ctrl-C, which is exit code 0.
    """
    from edgeproof.edge.collection import no_collection_at_start

    with no_collection_at_start():
        from edgeproof.edge.allocator import give_large_buffers_back
        from edgeproof.edge.classifier import Classifier
        from edgeproof.edge.silence import captured_stderr, talk_stream
        from edgeproof.edge.sinks.open import SinkOptions, broker, open_sinks
        from edgeproof.edge.sources.open import SourceOptions, open_source
        from edgeproof.edge.stop import OutOfTime, Stop
        from edgeproof.edge.stream import run, say

        if as_json and as_csv:
            raise UsageError("expected --json or --csv, got both")
        give_large_buffers_back()
        source = open_source(
            SourceOptions(images, watch, camera, existing, settle, every, fps), say=say
        )
        asked = SinkOptions(
            format="json" if as_json else "csv" if as_csv else "text",
            output=output,
            broker=broker(publish),
            queue=publish_queue,
        )
        with talk_stream() as talk, captured_stderr():
            classifier = Classifier(
                bundle,
                variant,
                runtime=runtime,  # type: ignore[arg-type]
                threads=threads,
                note=lambda text: say(text, talk),
            )
    try:
        with Stop(endless=source.endless) as stop:
            sinks = open_sinks(asked, endless=source.endless, say=say)
            return run(
                classifier, source, sinks, top_k=top_k, threshold=threshold, stop=stop, say=say
            )
    except OutOfTime:
        say("stopped; results that were not taken in time are lost")
        # neither threads nor what Python would still flush may hold up the end any longer
        os._exit(1)
