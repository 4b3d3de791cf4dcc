"""Every variant on every runtime: one test for each pair, on one measurement of them all."""

from typing import Any

import pytest

from edgeproof.convert.variants import VARIANTS
from edgeproof.convert.verify.arm.boards import BOARDS
from edgeproof.convert.verify.runtimes.registry import RUNTIMES

PAIRS = [
    (variant.id, runtime.name)
    for variant in VARIANTS
    for runtime in RUNTIMES
    if variant.format in runtime.formats
]
REFERENCES = {"tflite": "litert-reference", "tfjs": "tfjs-reference"}


def row_of(matrix: dict[str, Any], variant: str, runtime: str) -> dict[str, Any]:
    states = {state["name"]: state for state in matrix["runtimes"]}
    if runtime == "tflite-runtime" and states[runtime]["state"] == "unavailable":
        pytest.skip(f"tflite-runtime has no wheel for this Python: {states[runtime]['reason']}")
    if runtime in BOARDS and states[runtime]["state"] == "unavailable":
        pytest.skip(states[runtime]["reason"])
    found = [r for r in matrix["rows"] if (r["variant"], r["runtime"]) == (variant, runtime)]
    assert len(found) == 1, f"{runtime}: {states[runtime]}"
    return found[0]


@pytest.mark.parametrize(("variant", "runtime"), PAIRS)
def test_pair_is_faithful_within_its_gates(
    matrix: dict[str, Any], variant: str, runtime: str
) -> None:
    row = row_of(matrix, variant, runtime)
    assert row["failure"] is None
    assert [c for c in row["checks"] if not c["passed"]] == []
    is_reference = runtime in REFERENCES.values() and not variant.endswith("float32")
    assert row["faithful"] is (None if is_reference else True)


@pytest.mark.parametrize(("variant", "runtime"), PAIRS)
def test_pair_was_really_compared(matrix: dict[str, Any], variant: str, runtime: str) -> None:
    row = row_of(matrix, variant, runtime)
    gates = {c["gate"]: c for c in row["checks"]}
    assert {"runs", "repeat", "file-images", "noise", "agreement"} <= set(gates)
    assert all(c["compared"] > 0 and c["got"] is not None for c in row["checks"])
    # 32 golden inputs of ten classes; every pixel of every golden file
    assert gates["repeat"]["compared"] == 320
    assert gates["file-images"]["compared"] >= 64


def test_the_source_model_gives_the_golden_outputs(matrix: dict[str, Any]) -> None:
    row = row_of(matrix, "source", "keras")
    assert row["passed"]
    assert {"golden-reproduced", "golden-variety", "labels", "label-order"} <= {
        c["gate"] for c in row["checks"]
    }


def test_the_whole_matrix_passes(matrix: dict[str, Any]) -> None:
    assert matrix["broken"] == []
    assert matrix["passed"] is True
