"""One case, in a process of its own: what it loads and how much memory it takes are then true.

`python -m edgeproof.edge.bench.measuring BUNDLE VARIANT THREADS RUNTIME RUNS WARM_UP PICTURE`
prints a `Case` as JSON; PICTURE is empty for a model that takes none.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from edgeproof.edge.bench.figures import PERCENTILE_METHOD, Case, Times
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.classifier import Classifier
from edgeproof.edge.errors import EdgeproofError
from edgeproof.edge.image import image_from_file
from edgeproof.edge.input_tensor import tensor_from_image
from edgeproof.edge.manifest import Variant
from edgeproof.edge.quantisation import quantise
from edgeproof.edge.runtime import RuntimeName, TfliteModel, import_runtime
from edgeproof.edge.schema import to_json

# a model that takes 20 µs runs until so much time was measured, but no more often than this
_LEAST_S = 0.5
_MOST_RUNS = 10_000


def measured(
    bundle: Bundle,
    variant: Variant,
    threads: int,
    runtime: RuntimeName,
    picture: str,
    runs: int,
    warm_up: int,
) -> Case:
    """Load the variant, run it alone, let it go, then the whole path.

    Raises:
        EdgeproofError: the runtime refuses the model, or the picture cannot be read.
    """
    import_runtime(runtime)  # done once in a program's life, and so not part of loading
    case = _model_alone(bundle, variant, threads, runtime, picture, runs, warm_up)
    if picture:
        with Classifier(bundle, variant.id, runtime=runtime, threads=threads) as classifier:
            whole = timed(lambda: classifier.classify(picture), runs, warm_up)
        case = replace(case, whole=whole)
    return replace(case, peak_bytes=_peak_bytes())


def _model_alone(
    bundle: Bundle,
    variant: Variant,
    threads: int,
    runtime: RuntimeName,
    picture: str,
    runs: int,
    warm_up: int,
) -> Case:
    started = time.perf_counter()
    model = TfliteModel(bundle.read(variant.entry_file), runtime=runtime, threads=threads)
    load_ms = (time.perf_counter() - started) * 1e3
    tensors = _tensors(bundle, model, picture)
    started = time.perf_counter()
    model.invoke(tensors)
    first_ms = (time.perf_counter() - started) * 1e3
    return Case(
        variant=variant.id,
        threads=threads,
        file_bytes=variant.bytes,
        load_ms=load_ms,
        first_ms=first_ms,
        model=timed(lambda: model.invoke(tensors), runs, warm_up),
    )


def timed(run: Callable[[], object], runs: int, warm_up: int) -> Times:
    """At least `runs` of them after `warm_up`, one by one."""
    for _ in range(warm_up):
        run()
    taken: list[float] = []
    total = 0.0
    while len(taken) < runs or (total < _LEAST_S and len(taken) < _MOST_RUNS):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
        total += taken[-1]
    median, p95, p99 = np.percentile(taken, (50, 95, 99), method=PERCENTILE_METHOD) * 1e3
    return Times(len(taken), float(median), float(p95), float(p99), len(taken) / total)


def _tensors(bundle: Bundle, model: TfliteModel, picture: str) -> list[np.ndarray]:
    """What the model reads: the picture, or the first golden input where it takes none."""
    contract = bundle.manifest.input
    if contract is not None and picture:
        image = image_from_file(picture, contract)
        return [tensor_from_image(contract, model.inputs[0])(image)]
    arrays = [bundle.array(entry)[:1] for entry in bundle.manifest.golden.inputs]
    rows = [spec.shape[0] or 1 for spec in model.inputs]
    return [
        quantise(np.repeat(array, n, axis=0), spec)
        for array, n, spec in zip(arrays, rows, model.inputs, strict=True)
    ]


def _peak_bytes() -> int | None:
    """The kernel's own mark; `getrusage` would count the process that started this one."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    marks = [line.split() for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(marks[0][1]) * 1024 if marks else None


def main(arguments: list[str]) -> None:
    """Print the case; one that cannot be measured with its failure."""
    folder, variant_id, threads, runtime, runs, warm_up, picture = arguments
    bundle = Bundle.open(folder)
    variant = bundle.variant(variant_id)
    name = cast(RuntimeName, runtime)
    try:
        case = measured(bundle, variant, int(threads), name, picture, int(runs), int(warm_up))
    except EdgeproofError as error:
        case = Case(variant_id, int(threads), variant.bytes, failure=str(error))
    sys.stdout.write(json.dumps(to_json(case)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
