"""The page's proof, in Node with made-up models: what it must not let pass."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
# as of a model with 1,000 classes that is sure of none
SMALL = np.linspace(0.0002, 0.002, 10, dtype=np.float32)


@pytest.fixture
def prove(run_modules: RunModules, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Proves a model of one golden input that answers each of three rounds as it is told."""

    def run(
        golden: np.ndarray, *rounds: np.ndarray, variant: str = "tfjs-float32"
    ) -> dict[str, Any]:
        np.save(tmp_path / "inputs.npy", np.zeros((1, 4), np.float32))
        np.save(tmp_path / "outputs.npy", golden[np.newaxis].astype(np.float32))
        for i, answer in enumerate(rounds):
            np.save(tmp_path / f"{i}.npy", answer[np.newaxis].astype(np.float32))
        call = {
            "call": "prove",
            "inputs": str(tmp_path / "inputs.npy"),
            "outputs": str(tmp_path / "outputs.npy"),
            "answers": [str(tmp_path / f"{i}.npy") for i in range(len(rounds))],
            "scores": "softmax",
            "variant": variant,
        }
        (answer,) = run_modules([call])
        return answer

    return run


def test_equal_answers_pass_and_are_counted(prove: Callable[..., dict[str, Any]]) -> None:
    result = prove(SMALL, SMALL)["result"]
    assert result["passed"] is True
    assert (result["agreeing"], result["total"], result["rounds"]) == (1, 1, 3)
    assert result["values"] == 3 * len(SMALL)
    assert result["worst"] == 0


def test_small_probabilities_are_not_measured_against_one(
    prove: Callable[..., dict[str, Any]],
) -> None:
    # wrong by a hundredth of what it should be, though by 2e-5 only
    result = prove(SMALL, SMALL * 1.01)["result"]
    assert result["passed"] is False
    assert result["worst"] == pytest.approx(0.01, rel=1e-3)


def test_model_that_is_right_the_first_time_only_fails(
    prove: Callable[..., dict[str, Any]],
) -> None:
    result = prove(SMALL, SMALL, SMALL, SMALL[::-1])["result"]
    assert result["passed"] is False
    assert result["cases"][0]["fault"].startswith("error ")


def test_nan_fails(prove: Callable[..., dict[str, Any]]) -> None:
    broken = SMALL.copy()
    broken[3] = np.nan
    assert prove(SMALL, broken)["result"]["passed"] is False


def test_golden_outputs_of_nothing_but_zero_fail(prove: Callable[..., dict[str, Any]]) -> None:
    zeros = np.zeros_like(SMALL)
    assert prove(zeros, zeros)["result"]["passed"] is False


@pytest.mark.parametrize(
    ("variant", "factor", "passed"),
    [
        ("tfjs-float16", 1.01, True),
        ("tfjs-float16", 1.05, False),
        ("tfjs-uint8", 1.2, True),
        ("tfjs-uint8", 1.3, False),
    ],
)
def test_quantised_variants_have_their_own_limit(
    prove: Callable[..., dict[str, Any]], variant: str, factor: float, passed: bool
) -> None:
    assert prove(SMALL, SMALL * factor, variant=variant)["result"]["passed"] is passed


def test_variant_without_a_tolerance_is_an_error(prove: Callable[..., dict[str, Any]]) -> None:
    answer = prove(SMALL, SMALL, variant="tfjs-int3")
    assert "expected a precision with a tolerance" in answer["error"]


def test_another_number_of_values_is_an_error(prove: Callable[..., dict[str, Any]]) -> None:
    assert prove(SMALL, SMALL[:9])["error"] == "golden input 1: expected 10 values, got 9"
