"""Every variant on every runtime: one test for each pair, on one measurement of them all."""

from typing import Any

import pytest

from edgeproof.convert.variants import VARIANTS
from edgeproof.convert.verify.arm.boards import BOARDS
from edgeproof.convert.verify.runtimes.registry import RUNTIMES

# LiteRT.js has no int8 and no int16 tensors
NOT_TAKEN = {
    (variant, runtime)
    for variant in ("tflite-int8", "tflite-int16x8")
    for runtime in ("litertjs-wasm", "litertjs-webgpu")
}
PAIRS = [
    (variant.id, runtime.name)
    for variant in VARIANTS
    for runtime in RUNTIMES
    if variant.format in runtime.formats and (variant.id, runtime.name) not in NOT_TAKEN
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


@pytest.mark.parametrize("runtime", ["litertjs-wasm", "litertjs-webgpu"])
def test_what_a_runtime_cannot_take_is_said(matrix: dict[str, Any], runtime: str) -> None:
    (state,) = [state for state in matrix["runtimes"] if state["name"] == runtime]
    assert state["state"] == "ran"
    assert state["reason"].startswith("tflite-int8, tflite-int16x8: not run, because")
    rows = {(r["variant"], r["runtime"]) for r in matrix["rows"]}
    assert not rows & NOT_TAKEN


def test_graphics_runtimes_used_the_graphics_card(matrix: dict[str, Any]) -> None:
    on_gpu = {
        row["runtime"]
        for row in matrix["rows"]
        for check in row["checks"]
        if check["gate"] == "on-gpu" and check["passed"]
    }
    assert on_gpu == {"tfjs-webgl", "tfjs-webgl-f16", "tfjs-webgpu", "litertjs-webgpu"}


def test_the_source_model_gives_the_golden_outputs(matrix: dict[str, Any]) -> None:
    row = row_of(matrix, "source", "keras")
    assert row["passed"]
    assert {"golden-reproduced", "golden-variety", "labels", "label-order"} <= {
        c["gate"] for c in row["checks"]
    }


def test_the_whole_matrix_passes(matrix: dict[str, Any]) -> None:
    assert matrix["broken"] == []
    assert matrix["passed"] is True
