"""Running golden and held-out data through one runtime. Measures only; `judge.py` judges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.labelled import evenly_spaced
from edgeproof.convert.verify.runtimes.protocol import Running, Session
from edgeproof.convert.verify.scaleout.batches import batches_of, in_order
from edgeproof.convert.verify.scaleout.evaluate import Elsewhere, counted, evaluated
from edgeproof.edge.manifest import TensorSpec

GOLDEN_RUNS = 2  # known GPU defects are right the first time only
LATENCY_RUNS = 30
# a model that takes a second on WebGPU without a GPU is not timed for half a minute
LATENCY_BUDGET_MS = 300.0
FEWEST_LATENCY_RUNS = 5


@dataclass(frozen=True)
class Measurement:
    """What one runtime answered for one variant.

    Attributes:
        golden_runs: outputs for the golden inputs, once per run, in the model's order.
        file_images: the uint8 image of each golden file, as the runtime's own path made it.
        file_outputs: the first output for each golden file.
        heldout_rows: indices into the held-out images that were run.
        heldout_output: the first output for them; None without held-out images.
        tensors: differing tensors between file and manifest, and how many were compared; None
            where the format states no tensors.
        gpu_calls: programs that the graphics card ran; None for runtimes that use none.
        failure: the last words of a runtime that crashed, hung or refused; all else is empty then.
    """

    variant: str
    runtime: str
    version: str
    golden_runs: tuple[tuple[np.ndarray, ...], ...] = ()
    file_images: tuple[np.ndarray, ...] = ()
    file_outputs: tuple[np.ndarray, ...] = ()
    heldout_rows: np.ndarray | None = None
    heldout_output: np.ndarray | None = None
    tensors: tuple[int, int] | None = None
    gpu_calls: int | None = None
    latencies_ms: tuple[float, ...] = ()
    load_ms: float | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Work:
    """What every variant is asked to do.

    Attributes:
        inputs, outputs: the variant's tensors as the manifest states them.
        elsewhere: who else may run the held-out images.
    """

    variant: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    golden: GoldenSet
    heldout: np.ndarray | None
    heldout_limit: int | None
    elsewhere: Elsewhere | None = None


def answers(
    running: Running, runtime: str, work: Work, told: Callable[[int, int], None] = lambda *_: None
) -> Measurement:
    """Load the variant and run everything but the clock.

    Args:
        told: gets the number of held-out images that were run, and of all of them.

    Raises:
        EdgeproofError: the runtime failed; the caller makes a failed row of it.
    """
    session = running.open(work.variant)
    golden, names = work.golden, [spec.name for spec in work.outputs]
    runs = []
    for _ in range(GOLDEN_RUNS):
        runs.append(_in_order(_run(session, golden.inputs), names))
    file_images, file_outputs = [], []
    for path in golden.files:
        image, outputs = session.run_file(path)
        file_images.append(image)
        file_outputs.append(_in_order(outputs, names)[0])
    rows, heldout = None, None
    if work.heldout is not None:
        rows = evenly_spaced(len(work.heldout), work.heldout_limit)
        every = len(rows) == len(work.heldout)
        images = work.heldout if every else work.heldout[rows]
        heldout = _in_order(_run(session, (images,), work.elsewhere, told), names)[0]
    tensors = _differing_tensors(session, work)
    gpu_calls = session.gpu_calls()
    session.close()
    return Measurement(
        variant=work.variant,
        runtime=runtime,
        version=session.version,
        golden_runs=tuple(runs),
        file_images=tuple(file_images),
        file_outputs=tuple(file_outputs),
        heldout_rows=rows,
        heldout_output=heldout,
        tensors=tensors,
        gpu_calls=gpu_calls,
        load_ms=session.load_ms,
    )


def latencies(running: Running, work: Work) -> tuple[float, ...]:
    """Load the variant again and time it, milliseconds; nothing else should run meanwhile.

    Raises:
        EdgeproofError: the runtime failed.
    """
    session = running.open(work.variant)
    times = session.latency_ms(work.golden.inputs, FEWEST_LATENCY_RUNS)
    affordable = int((LATENCY_BUDGET_MS - sum(times)) / max(min(times), 1e-3))
    if (more := min(LATENCY_RUNS - len(times), affordable)) > 0:
        times += session.latency_ms(work.golden.inputs, more)
    session.close()
    return tuple(times)


def _run(
    session: Session,
    inputs: Sequence[np.ndarray],
    elsewhere: Elsewhere | None = None,
    told: Callable[[int, int], None] = lambda *_: None,
) -> dict[str, np.ndarray]:
    """All rows, in batches; `elsewhere` may help with them."""
    total = len(inputs[0])
    found = evaluated(session, batches_of(inputs), total, elsewhere)
    parts = in_order(counted(found, total, told), total)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _in_order(outputs: dict[str, np.ndarray], names: list[str]) -> tuple[np.ndarray, ...]:
    if set(outputs) != set(names):
        raise RuntimeFailed(
            f"expected the outputs {', '.join(names)}, got {', '.join(outputs) or 'none'}"
        )
    return tuple(outputs[name] for name in names)


def _differing_tensors(session: Session, work: Work) -> tuple[int, int] | None:
    """How many of the manifest's tensors the file states otherwise, and how many there are."""
    stated = session.tensors()
    if stated is None:
        return None
    inputs, outputs = stated
    by_name = {spec.name: spec for spec in (*inputs, *outputs)}
    wanted = (*work.inputs, *work.outputs)
    differing = sum(spec.name not in by_name or by_name[spec.name] != spec for spec in wanted)
    extra = len(by_name) - len({spec.name for spec in wanted} & set(by_name))
    return differing + extra, len(wanted)
