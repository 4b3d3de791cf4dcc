"""Runtimes that answer wrongly, by the defects that are known of real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.parity.mutants.mutant import FLOAT, INT8, Ground, Mutant

Rows = np.ndarray
Fault = Callable[[Any, Sequence[np.ndarray], int], np.ndarray]


class FaultySession:
    """A session of which `fault(run, inputs, call)` gives the first output."""

    def __init__(self, session: Any, fault: Fault) -> None:
        self._session, self._fault, self._calls = session, fault, 0

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        self._calls += 1
        names: list[str] = []

        def run(arrays: Sequence[np.ndarray]) -> np.ndarray:
            outputs = self._session.run(arrays)
            names[:] = outputs
            return next(iter(outputs.values())).copy()

        answer = self._fault(run, inputs, self._calls)
        return {names[0]: answer}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class FaultyRunning:
    """A runtime of faulty sessions, which may open another variant than the one asked for."""

    def __init__(self, running: Any, fault: Fault | None, instead: str | None = None) -> None:
        self._running, self._fault, self._instead = running, fault, instead

    def open(self, variant: str) -> Any:
        session = self._running.open(self._instead or variant)
        return session if self._fault is None else FaultySession(session, self._fault)

    def close(self) -> None:
        self._running.close()


def faulty(fault: Fault) -> Callable[[Ground], None]:
    def seed(ground: Ground) -> None:
        ground.wrap = lambda running: FaultyRunning(running, fault)

    return seed


def on_rows(change: Callable[[Rows, int], Rows]) -> Callable[[Ground], None]:
    """A fault of the answers alone; `change` gets them and the number of the call."""
    return faulty(lambda run, inputs, call: change(run(inputs), call))


def previous_answer(run: Any, inputs: Sequence[np.ndarray], call: int) -> np.ndarray:
    """Every row has the answer of the row before it, as a buffer that is read too early."""
    return np.roll(run(inputs), 1, axis=0)


def stale() -> Fault:
    """Whatever is asked first is answered for ever, as a cache with too weak a key does."""
    kept: dict[int, np.ndarray] = {}

    def fault(run: Any, inputs: Sequence[np.ndarray], call: int) -> np.ndarray:
        first = kept.setdefault(0, run(inputs))
        run(inputs)
        return np.resize(first[:1], (len(inputs[0]), first.shape[1]))

    return fault


def softmax(rows: Rows) -> Rows:
    exponents = np.exp(rows - rows.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def flattened(rows: Rows) -> Rows:
    """Every top label stays; the probabilities are nearly alike."""
    return softmax(np.log(np.maximum(rows, 1e-9)) / 4)


def noisy(rows: Rows, call: int) -> Rows:
    """A difference of 1e-3 that is another in every call."""
    return rows + np.random.default_rng(call).normal(0, 1e-3, rows.shape).astype(np.float32)


def raced(rows: Rows, call: int) -> Rows:
    """Two rows overwrite each other in every second call."""
    if call % 2 == 0:
        rows[[0, -1]] = rows[[-1, 0]]
    return rows


def other_variant(variant: str) -> Callable[[Ground], None]:
    def seed(ground: Ground) -> None:
        ground.wrap = lambda running: FaultyRunning(running, None, instead=variant)

    return seed


def one_value(amount: float) -> Callable[[Rows, int], Rows]:
    def change(rows: Rows, _: int) -> Rows:
        rows[-1, -1] += amount
        return rows

    return change


def mutant(
    name: str, change: str, gate: str, seed: Callable[[Ground], None], variant: str = FLOAT
) -> Mutant:
    return Mutant(f"runtime-{name}", change, gate, seed, variant)


MUTANTS = (
    mutant(
        "right-once",
        "answers right the first time, 0.01 off later",
        "repeat",
        on_rows(lambda rows, call: rows if call == 1 else rows + np.float32(0.01)),
    ),
    mutant(
        "late", "gives each input the answer of the one before", "relative", faulty(previous_answer)
    ),
    mutant("stale", "gives every input the answer of the first", "relative", faulty(stale())),
    mutant(
        "transposed",
        "gives its output transposed",
        "relative",
        on_rows(lambda rows, _: rows.reshape(rows.shape[::-1]).T),
    ),
    mutant(
        "softmax-twice", "applies softmax twice", "relative", on_rows(lambda rows, _: softmax(rows))
    ),
    mutant(
        "no-softmax",
        "gives the logarithm of the probabilities",
        "relative",
        on_rows(lambda rows, _: np.log(np.maximum(rows, 1e-30))),
    ),
    mutant(
        "flattened",
        "keeps every top label and flattens the probabilities",
        "confidence-drift",
        on_rows(lambda rows, _: flattened(rows)),
    ),
    mutant(
        "int8-flattened",
        "the same in int8, where agreement stays 100 %",
        "confidence-drift",
        on_rows(lambda rows, _: flattened(rows)),
        INT8,
    ),
    mutant(
        "last-dropped",
        "drops the last image of a batch",
        "relative",
        on_rows(lambda rows, _: rows[:-1]),
    ),
    mutant(
        "last-zero",
        "leaves the last image of a batch at zero",
        "relative",
        on_rows(lambda rows, _: np.concatenate([rows[:-1], np.zeros_like(rows[-1:])])),
    ),
    mutant("noise", "adds noise of 0.001, another each time", "repeat", on_rows(noisy)),
    mutant("race", "swaps two answers in every second call", "repeat", on_rows(raced)),
    mutant("zeros", "answers zeros", "relative", on_rows(lambda rows, _: np.zeros_like(rows))),
    mutant("nan", "answers NaN", "relative", on_rows(lambda rows, _: np.full_like(rows, np.nan))),
    mutant("empty", "answers nothing", "relative", on_rows(lambda rows, _: rows[:0])),
    mutant("one-value", "one of 320 values is off by 0.1", "relative", on_rows(one_value(0.1))),
    mutant("int8-one-value", "the same in int8", "steps", on_rows(one_value(0.1)), INT8),
    mutant(
        "small-value", "one of 320 values is off by 0.0005", "relative", on_rows(one_value(0.0005))
    ),
    mutant(
        "other-variant",
        "loads the float16 file in place of float32",
        "relative",
        other_variant("tflite-float16"),
    ),
    mutant(
        "other-backend",
        "runs dynamic-int8 in place of int8",
        "tensors",
        other_variant("tflite-dynamic-int8"),
        INT8,
    ),
)
