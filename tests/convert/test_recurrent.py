"""Recurrent models: each route gives Keras' answers, quantised ones within a stated error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pytest

from edgeproof.convert import kernel_demands, left_in_float
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import FrozenGraph, freeze
from edgeproof.convert.keras_model import with_lengths
from edgeproof.convert.keras_outputs import layer_by_layer
from edgeproof.convert.quantise import activation_ranges, quantised_tflite
from edgeproof.convert.tensors import tflite_specs
from edgeproof.convert.tfjs import control_flow
from edgeproof.convert.tfjs.graph_model import graph_model_files
from edgeproof.convert.tfjs.reader import read_graph_model
from edgeproof.convert.tflite import float_tflite, signature_name
from edgeproof.convert.trial import refusal_by_tflite_runtime, run_once
from edgeproof.convert.variants import Precision
from edgeproof.edge.runtime import TfliteModel, available_runtimes

from .recurrent_models import FREE, LONG, SHORT
from .tfjs.conftest import run_tfjs, web_folder
from .tfjs.engines import Engine, run_in_node, worst_error

__all__ = ["run_tfjs", "web_folder"]

TOLERANCE = 1e-4
# of the largest output, over inputs within the calibrated range; measured over these models: at
# most 0.05 (int8) and 0.01 (int16x8). An LSTM rounds its state anew in every step
COST: dict[Precision, float] = {"int8": 0.1, "int16x8": 0.03}
SAMPLES = 8


def _inputs(model: keras.Model, *, steps: int = 7) -> list[np.ndarray]:
    """Realistic samples: sequences of different lengths, the rest padded as their masks say."""
    generator = np.random.default_rng(1)
    arrays = []
    for tensor in model.inputs:
        shape = (SAMPLES, *(n or steps for n in tensor.shape[1:]))
        is_float = tensor.dtype.startswith("float")
        array = generator.normal(0, 1, shape) if is_float else generator.integers(1, 9, shape)
        for row in array:
            row[generator.integers(2, shape[1] + 1) :] = -1 if is_float else 0
        arrays.append(array.astype(np.float32 if is_float else np.int32))
    return arrays


def _expected(model: keras.Model, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    batch = model.inputs[0].shape[0] or SAMPLES
    parts = []
    for start in range(0, SAMPLES, batch):
        for layer in model.layers:
            if getattr(layer, "stateful", False):
                layer.reset_state()
        parts.append(layer_by_layer(model, [x[start : start + batch] for x in inputs]))
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def _run_tflite(
    content: bytes, frozen: FrozenGraph, inputs: Sequence[np.ndarray]
) -> list[np.ndarray]:
    specs_in, specs_out = tflite_specs(content, frozen)
    loaded = TfliteModel(content)
    rows = [
        loaded.run({s.name: x[row : row + 1] for s, x in zip(specs_in, inputs, strict=True)})
        for row in range(SAMPLES)
    ]
    return [np.concatenate([row[spec.name] for row in rows]) for spec in specs_out]


def _quantised(
    content: bytes, frozen: FrozenGraph, inputs: Sequence[np.ndarray], precision: Precision
) -> bytes:
    names = [signature_name(t.name) for t in frozen.inputs]
    rows = ([x[row : row + 1] for x in inputs] for row in range(SAMPLES))
    samples = [dict(zip(names, row, strict=True)) for row in rows]
    ranges = activation_ranges(content, "int8", samples)
    return quantised_tflite(content, precision, ranges=ranges)


@pytest.fixture
def _loops_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras needs seconds for the 257 steps that would become a loop by themselves."""
    if request.node.callspec.params["kind"] in LONG:
        monkeypatch.setattr("edgeproof.convert.freeze.UNROLLED_STEPS", 4)


@pytest.mark.usefixtures("_loops_at_once")
@pytest.mark.parametrize("kind", [*SHORT, *LONG])
def test_tflite(kind: str) -> None:
    model = (SHORT | LONG)[kind]()
    inputs, frozen = _inputs(model), freeze(model)
    expected = _expected(model, inputs)

    content = float_tflite(model, frozen, batch=1)

    assert worst_error(_run_tflite(content, frozen, inputs), expected) <= TOLERANCE
    for precision, cost in COST.items():
        quantised = _quantised(content, frozen, inputs, precision)
        assert worst_error(_run_tflite(quantised, frozen, inputs), expected) <= cost
        assert refusal_by_tflite_runtime(quantised) is None


@pytest.mark.usefixtures("_loops_at_once")
@pytest.mark.parametrize("kind", [*SHORT, *LONG, *FREE])
def test_tfjs(kind: str, run_tfjs: Engine) -> None:
    model = (SHORT | LONG | FREE)[kind]()
    inputs = _inputs(model)
    expected = _expected(model, inputs)
    if model.inputs[0].shape[0]:
        inputs, expected = [x[:1] for x in inputs], [e[:1] for e in expected]

    files = graph_model_files(freeze(model), "float32")

    assert worst_error(read_graph_model(files)(inputs), expected) <= TOLERANCE
    # the backend with the fewest kernels for all; loops depend on how a backend frees tensors
    for backend in ("wasm",) if kind in SHORT else ("cpu", "wasm"):
        assert worst_error(run_tfjs(files, inputs, backend), expected) <= TOLERANCE


def test_dropout_and_state_leave_a_layer_as_it_was() -> None:
    model = SHORT["stateful"]()
    recurrent = model.layers[-1]
    before = set(vars(recurrent))
    freeze(model)
    assert recurrent.stateful is True
    assert set(vars(recurrent)) == before


def test_a_quantised_file_that_no_runtime_runs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_demands, "_type_unused_outputs", lambda *_: None)
    model = SHORT["lstm"]()
    inputs, frozen = _inputs(model), freeze(model)
    content = float_tflite(model, frozen, batch=1)
    run_once(content)

    with pytest.raises(ConvertError, match=r"the converted file does not run: .*SPLIT"):
        run_once(_quantised(content, frozen, inputs, "int8"))


def test_what_tflite_runtime_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    if "tflite-runtime" not in available_runtimes():
        pytest.skip("tflite-runtime has no wheel for this Python")
    monkeypatch.setitem(left_in_float._WITHOUT_KERNEL, "int16x8", ())
    model = SHORT["words, averaged"]()
    inputs, frozen = _inputs(model), freeze(model)
    content = float_tflite(model, frozen, batch=1)

    quantised = _quantised(content, frozen, inputs, "int16x8")

    assert "failed to invoke" in (refusal_by_tflite_runtime(quantised) or "")


def test_a_mask_is_read_off_the_exact_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_in_float, "_names_around_masks", lambda model: [])
    model = SHORT["masked"]()
    inputs, frozen = _inputs(model), freeze(model)
    content = float_tflite(model, frozen, batch=1)

    quantised = _quantised(content, frozen, inputs, "int8")

    answers = _run_tflite(quantised, frozen, inputs)
    assert worst_error(answers, _expected(model, inputs)) > COST["int8"]


def test_a_list_loses_what_its_loop_does_not_return(
    web_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_flow, "_carry_written", lambda *_: None)
    model = FREE["free length"]()
    files = graph_model_files(freeze(model), "float32")

    with pytest.raises(AssertionError, match=r"backend|disposed"):
        run_in_node(web_folder, tmp_path, files, _inputs(model), "wasm")


def test_free_length_is_fixed_for_tflite() -> None:
    model = FREE["free length"]()
    with pytest.raises(ConvertError, match="choose one with --length N"):
        float_tflite(model, freeze(model), batch=1)

    fixed = with_lengths(model, [7])

    inputs, frozen = _inputs(model), freeze(fixed)
    content = float_tflite(fixed, frozen, batch=1)
    assert worst_error(_run_tflite(content, frozen, inputs), _expected(model, inputs)) <= TOLERANCE


def test_each_free_axis_gets_its_length() -> None:
    first, second = keras.Input((None, 2), name="first"), keras.Input((None,), name="second")
    joined = keras.layers.Concatenate()(
        [keras.layers.GlobalMaxPooling1D()(first), keras.ops.max(second, axis=1, keepdims=True)]
    )
    model = keras.Model({"first": first, "second": second}, joined)

    fixed = with_lengths(model, [4])
    assert [t.shape[1] for t in fixed.inputs] == [4, 4]
    assert [t.name for t in freeze(fixed).outputs] == [t.name for t in freeze(model).outputs]
    assert [t.shape[1] for t in with_lengths(model, [4, 6]).inputs] == [4, 6]
    with pytest.raises(ConvertError, match=r"one --length for all or 2.*first \(any x 2\)"):
        with_lengths(model, [1, 2, 3])
