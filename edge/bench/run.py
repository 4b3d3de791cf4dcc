"""Case after case, each in a fresh process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from edgeproof.edge.bench.conditions import Watch, warnings
from edgeproof.edge.bench.figures import PERCENTILE_METHOD, Bench, Case, Picture
from edgeproof.edge.board import read_board
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import BundleError, ImageError, UsageError
from edgeproof.edge.own_process import Ask, ask
from edgeproof.edge.runtime import RuntimeName, import_runtime, runtime_version
from edgeproof.edge.schema import from_json

_CHILD = ("-m", "edgeproof.edge.bench.measuring")
_PACKAGES = ("edgeproof", "numpy", "Pillow")


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        variants: ids of TFLite variants; empty: all of the bundle's.
        threads: numbers of threads; empty: 1, 2, 4 and so on, up to the cores.
        image: the picture of the whole path; None: the first golden JPEG.
        runs: at least so many count.
        warm_up: so many before them.
    """

    variants: tuple[str, ...] = ()
    threads: tuple[int, ...] = ()
    runtime: RuntimeName = "auto"
    image: Path | None = None
    runs: int = 100
    warm_up: int = 10


def run_bench(
    bundle: Bundle, plan: Plan, say: Callable[[str], None], *, root: Path = Path("/"),
    asking: Ask = ask,
) -> Bench:  # fmt: skip
    """Measure every variant with every number of threads. Ctrl-C ends it with what there is.

    Args:
        say: is told which case is being measured.
        root: where /proc and /sys lie.
        asking: runs a case in another process.

    Raises:
        UsageError: no such variant, or one that browsers run.
        BundleError: it has no TFLite variant.
        ImageError: the picture cannot be read.
        RuntimeUnavailable: the runtime is not installed.
    """
    variants = _variants(bundle, plan.variants)
    path, picture = _picture(bundle, plan.image)
    runtime, _ = import_runtime(plan.runtime)
    board = read_board(root)
    threads = plan.threads or _threads(board.usable_cores)
    wanted = [(variant, n) for variant in variants for n in threads]
    watch = Watch(root)
    cases: list[Case] = []
    try:
        for number, (variant, n) in enumerate(wanted, 1):
            say(f"{number}/{len(wanted)} {variant}, {n} thread{'s' * (n > 1)}")
            options = (str(n), runtime, str(plan.runs), str(plan.warm_up), path)
            answer = asking([*_CHILD, str(bundle.folder), variant, *options])
            size = bundle.variant(variant).bytes
            failed = Case(variant, n, size, failure=answer.failure)
            cases.append(failed if answer.failure else from_json(Case, answer.facts))
            watch.look()
    except KeyboardInterrupt:
        say(f"interrupted after {len(cases)} of {len(wanted)}")
    conditions = watch.conditions()
    versions = {name: version(name) for name in _PACKAGES}
    return Bench(
        bundle=bundle.manifest.name,
        runtime=runtime,
        versions={runtime: runtime_version(runtime), "Python": board.python, **versions},
        board=board.model or board.processor or board.machine,
        system=board.system or board.kernel,
        cores=board.usable_cores,
        picture=picture,
        warm_up=plan.warm_up,
        runs=plan.runs,
        percentile_method=PERCENTILE_METHOD,
        conditions=conditions,
        cases=tuple(cases),
        complete=len(cases) == len(wanted),
        warnings=tuple(warnings(conditions, board.usable_cores, max(threads))),
    )


def _variants(bundle: Bundle, asked: Sequence[str]) -> list[str]:
    for variant_id in asked:
        if bundle.variant(variant_id).format != "tflite":
            raise UsageError(f"expected TFLite variants, got {variant_id}, which browsers run")
    found = [v.id for v in bundle.manifest.variants if v.format == "tflite"]
    if not found:
        raise BundleError(
            f"expected a TFLite variant in {bundle.folder}, got none; "
            "convert with --variants tflite-int8"
        )
    return list(dict.fromkeys(asked)) or found


def _threads(cores: int) -> tuple[int, ...]:
    return tuple(n for n in (1, 2, 4, 8) if n <= cores)


def _picture(bundle: Bundle, image: Path | None) -> tuple[str, Picture | None]:
    """The path for the whole path, empty where the model takes no picture, and its facts."""
    files = [golden.file for golden in bundle.manifest.golden.files]
    if bundle.manifest.input is None or (image is None and not files):
        if image is not None:
            raise UsageError(f"expected no --image: {bundle.folder} takes no picture")
        return "", None
    if image is None:
        jpegs = [file for file in files if file.path.endswith((".jpg", ".jpeg"))]
        entry = (jpegs or files)[0]
        content, path = bundle.read(entry), bundle.folder / entry.path
    else:
        try:
            content, path = image.read_bytes(), image
        except OSError as error:
            raise ImageError(f"{image}: expected a picture, got: {error.strerror}") from error
    width, height = _size(content, path)
    return str(path), Picture(path.name, width, height, len(content))


def _size(content: bytes, path: Path) -> tuple[int, int]:
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            return picture.width, picture.height
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path}: expected a picture, got something else") from error
