"""A mutant: one seeded fault, and the gate that has to catch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FLOAT = "tflite-float32"
INT8 = "tflite-int8"
TFJS = "tfjs-float32"
READER = "tfjs-reference"


@dataclass
class Ground:
    """What a fault is seeded into.

    Attributes:
        lab: a copy of an intact bundle (`conftest.Lab`).
        patch: undone after the test.
        folder: empty, for files.
        run: the training run that the bundle was made from.
        wrap: what stands between verification and the runtime, once a fault has set it.
    """

    lab: Any
    patch: pytest.MonkeyPatch
    folder: Path
    run: Path
    wrap: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes:
        name: unique, for the test's id.
        change: what is wrong, in words.
        gate: the gate that must break; for `refused`, a part of the error instead.
        seed: makes the fault.
        variant, runtimes: what is verified; reference runtimes come along by themselves.
        model: which intact bundle: "digits" (trained, gray) or "colour" (RGB, 6 x 9, padded).
        refused: the reader has to refuse the bundle before anything runs.
        with_source: whether the model that was trained is at hand.
        isolated: the runtime breaks down, which takes a process of its own.
    """

    name: str
    change: str
    gate: str
    seed: Callable[[Ground], None]
    variant: str = FLOAT
    runtimes: tuple[str, ...] = ("litert",)
    model: str = "digits"
    refused: bool = False
    with_source: bool = False
    isolated: bool = False
