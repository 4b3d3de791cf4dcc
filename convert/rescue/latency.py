"""What layers in float cost in time."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import numpy as np

from edgeproof.convert.freeze import FrozenGraph
from edgeproof.convert.rescue.samples import Samples
from edgeproof.convert.tensors import tflite_specs
from edgeproof.edge.runtime import TfliteModel

_WARM_UP = 3
_FEWEST, _MOST = 5, 100
_BUDGET_S = 2.0


@dataclass(frozen=True)
class Latencies:
    """Medians of single runs, milliseconds, and how many runs of each there were."""

    first_ms: float
    second_ms: float
    runs: int


def latencies_in_turns(
    first: bytes, second: bytes, frozen: FrozenGraph, samples: Samples
) -> Latencies:
    """Two files on the same input in turns, so that a busy machine slows both.

    LiteRT with one thread; quantising the input and dequantising the output included, as
    `edgeproof verify` measures it.
    """
    runs: list[tuple[TfliteModel, dict[str, np.ndarray]]] = []
    times: list[list[float]] = []
    for content in (first, second):
        inputs, _ = tflite_specs(content, frozen)
        arrays, _ = next(samples.batches(inputs[0].shape[0] or 1))
        named = {spec.name: array for spec, array in zip(inputs, arrays, strict=True)}
        runs.append((TfliteModel(content, runtime="litert"), named))
    for _ in range(_WARM_UP):
        for model, named in runs:
            model.run(named)
    started = time.perf_counter()
    while len(times) < _FEWEST or (
        len(times) < _MOST and time.perf_counter() - started < _BUDGET_S
    ):
        times.append([_timed_ms(model, named) for model, named in runs])
    medians = [statistics.median(each) for each in zip(*times, strict=True)]
    return Latencies(medians[0], medians[1], len(times))


def _timed_ms(model: TfliteModel, named: dict[str, np.ndarray]) -> float:
    before = time.perf_counter()
    model.run(named)
    return (time.perf_counter() - before) * 1e3
