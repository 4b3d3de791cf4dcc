"""A deep int8 file that is far off Keras by itself may be as far off its reference kernels."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.verify.faithfulness import Answers, faithfulness_checks
from edgeproof.convert.verify.gate_options import with_overrides
from edgeproof.convert.verify.gates import GATES, Gate
from edgeproof.convert.verify.golden import GoldenSet
from edgeproof.convert.verify.measure import Measurement
from edgeproof.edge.bundle import Bundle

STEP = 1 / 256
KERAS = np.full((20, 4), 0.25, np.float32)


def off(steps: float, rows: int = 20) -> np.ndarray:
    """Keras' answers with one score of the first `rows` inputs moved by so many steps."""
    moved = KERAS.copy()
    moved[:rows, 1] += steps * STEP
    return moved


@pytest.fixture
def broken(digits_bundle: Path) -> Any:
    """Which gates a runtime's answers break, given those of the reference kernels."""
    bundle = Bundle.open(digits_bundle)
    variant = bundle.variant("tflite-int8")
    (spec,) = variant.outputs
    variant = dataclasses.replace(variant, outputs=(dataclasses.replace(spec, scale=STEP),))

    def broken(
        reference: np.ndarray, got: np.ndarray, gates: tuple[Gate, ...] = GATES
    ) -> list[str]:
        golden = GoldenSet((np.zeros((20, 2)),), (KERAS,), (), None, None)
        measured = Measurement(variant.id, "litert", "1", ((got,),))
        answers = Answers("reference", (reference,), None)
        checks = faithfulness_checks(measured, variant, bundle.manifest, golden, answers, gates)
        assert [check.gate for check in checks] == ["steps", "mean-steps"]
        return [check.gate for check in checks if not check]

    return broken


def test_an_exact_file_allows_what_every_file_may(broken: Any) -> None:
    assert broken(KERAS, off(16, rows=5)) == []
    assert broken(KERAS, off(17, rows=4)) == ["steps"]
    assert broken(KERAS, off(5)) == ["mean-steps"]


def test_a_file_of_its_own_error_allows_twice_that(broken: Any) -> None:
    assert broken(off(30), off(-30)) == []
    assert broken(off(30), off(-31)) == ["steps", "mean-steps"]
    # the mean follows the mean, not the largest
    assert broken(off(30, rows=1), off(-8)) == ["mean-steps"]


def test_a_limit_that_was_asked_for_is_kept(broken: Any) -> None:
    gates = with_overrides(GATES, ["steps=16", "mean-steps:int8=4"])
    assert broken(off(30), off(-30), gates) == ["steps", "mean-steps"]


def test_golden_outputs_of_another_shape_raise_no_limit(broken: Any) -> None:
    nan = np.full_like(KERAS, np.nan)
    assert broken(off(30), nan) == ["steps", "mean-steps"]
    narrow = KERAS[:, :3]
    assert broken(narrow, narrow + 17 * STEP) == ["steps", "mean-steps"]
