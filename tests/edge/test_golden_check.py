"""The golden check: it compares something, more than once, and says why it fails.

`tests/parity/test_golden_check_controls.py` holds it against seeded faults of the files.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.edge import golden_check as module
from edgeproof.edge import golden_figures, runtime
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import BundleError, ModelFailed, RuntimeUnavailable, UsageError
from edgeproof.edge.golden_check import golden_check
from edgeproof.edge.golden_limits import (
    AGAINST_KERAS,
    AGAINST_REFERENCE,
    MEAN_STEPS,
    STEPS,
    Limit,
)
from edgeproof.edge.preferred import PREFERRED
from edgeproof.edge.runtime import TfliteModel, available_runtimes

Outputs = dict[str, np.ndarray]


def faulty(monkeypatch: pytest.MonkeyPatch, fault: Callable[[int, Outputs], Outputs]) -> None:
    """Let every run's outputs go through `fault`, which is told which run it is, from 0."""
    runs = itertools.count()

    class Faulty(TfliteModel):
        def run(self, inputs: dict[str, np.ndarray]) -> Outputs:
            return fault(next(runs), super().run(inputs))

    monkeypatch.setattr(module, "TfliteModel", Faulty)


def each(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[int, Outputs], Outputs]:
    return lambda _, outputs: {name: change(array) for name, array in outputs.items()}


def test_it_says_what_was_compared(digits_bundle: Path) -> None:
    found = golden_check(Bundle.open(digits_bundle), "tflite-float32", runtime="litert")
    assert found
    assert (found.variant, found.runtime) == ("tflite-float32", "litert")
    assert found.version == available_runtimes()["litert"]
    assert (found.inputs, found.files, found.failure) == (32, 11, None)
    assert found.worst < found.limit == 1e-4


def test_fewer_inputs_and_files_where_that_is_asked_for(digits_bundle: Path) -> None:
    found = golden_check(Bundle.open(digits_bundle), "tflite-int8", runtime="litert", most=5)
    assert found
    assert (found.inputs, found.files) == (5, 5)


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (each(lambda a: a * np.nan), "expected numbers, got NaN"),
        (each(lambda a: a[:, :-1]), r"expected outputs of \(32, 10\), got \(32, 9\)"),
        (each(np.zeros_like), "run 1 against .* expected at most"),
        (each(lambda a: np.roll(a, 1, axis=-1)), "run 1 against .* expected at most"),
        # 32 inputs and 11 files are a round: right the first time only
        (lambda n, out: {k: v * (1 + 0.3 * (n >= 43)) for k, v in out.items()}, "run 2 against"),
    ],
    ids=["NaN", "shape", "zeros", "labels", "second"],
)
@pytest.mark.parametrize("variant", ["tflite-float32", "tflite-int8"])
def test_a_runtime_that_answers_otherwise(
    variant: str,
    fault: Callable[[int, Outputs], Outputs],
    failure: str,
    digits_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faulty(monkeypatch, fault)
    found = golden_check(Bundle.open(digits_bundle), variant, runtime="litert")
    assert not found
    with pytest.raises(ModelFailed, match=failure):
        raise ModelFailed(found.failure)


def test_an_answer_that_changes_within_the_limit_is_seen(
    digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenth of what quantisation may cost, but not the same the second time."""
    faulty(monkeypatch, lambda n, out: {k: v + 0.001 * (n >= 43) for k, v in out.items()})
    found = golden_check(Bundle.open(digits_bundle), "tflite-float16", runtime="litert")
    assert found.failure is not None
    assert found.failure.startswith("run 2 against the first: expected at most 1e-06")


def test_a_picture_that_is_decoded_otherwise(
    digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = golden_figures.image_from_file

    def one_level_off(*arguments: Any) -> np.ndarray:
        image = decode(*arguments).copy()
        image[0, 0, 0] ^= 1
        return image

    monkeypatch.setattr(golden_figures, "image_from_file", one_level_off)
    found = golden_check(Bundle.open(digits_bundle), "tflite-float32", runtime="litert")
    assert not found
    assert "this machine decodes pictures differently" in (found.failure or "")


def test_a_runtime_that_refuses_the_file(
    digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> TfliteModel:
        raise ModelFailed("litert refuses the model: unresolved custom op")

    monkeypatch.setattr(module, "TfliteModel", refused)
    found = golden_check(Bundle.open(digits_bundle), "tflite-float32", runtime="litert")
    assert (found.passed, found.inputs, found.files) == (False, 0, 0)
    assert found.failure == "litert refuses the model: unresolved custom op"


def test_what_cannot_be_checked_at_all(
    digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = Bundle.open(digits_bundle)
    with pytest.raises(UsageError, match="expected a TFLite variant, got tfjs-float32"):
        golden_check(bundle, "tfjs-float32")
    with pytest.raises(UsageError, match="did you mean tflite-int8"):
        golden_check(bundle, "tflite-int9")
    with pytest.raises(UsageError, match="got 'lite-rt'; did you mean litert"):
        golden_check(bundle, "tflite-int8", runtime="lite-rt")  # type: ignore[arg-type]
    monkeypatch.setattr(runtime, "_is_installed", lambda name: False)
    with pytest.raises(RuntimeUnavailable, match="expected a TFLite runtime, got none installed"):
        golden_check(bundle, "tflite-int8")


def without_files(manifest: dict[str, Any]) -> None:
    manifest["golden"].update(files=[], file_images=None, file_outputs=None)


def rows_beyond_the_inputs(manifest: dict[str, Any]) -> None:
    of_int8(manifest)["reference"]["rows"][-1] = 32


def no_rows(manifest: dict[str, Any]) -> None:
    of_int8(manifest)["reference"]["rows"] = []


def answers_of_another_type(manifest: dict[str, Any]) -> None:
    of_int8(manifest)["reference"]["outputs"] = manifest["golden"]["outputs"]


def of_int8(manifest: dict[str, Any]) -> dict[str, Any]:
    return next(v for v in manifest["variants"] if v["id"] == "tflite-int8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["golden"].update(inputs=[], outputs=[]), "golden inputs and outputs of one"),
        (without_files, "expected golden picture files with as many images and outputs"),
        (
            lambda m: m.update(input=None, task="other"),
            "expected golden picture files with as many",
        ),
        (lambda m: m["model_inputs"].clear(), "golden inputs and outputs of one length"),
        (rows_beyond_the_inputs, "expected reference answers of tflite-int8 for 32 of 32"),
        (no_rows, "expected reference answers of tflite-int8 for 0 of 32"),
        (answers_of_another_type, "expected reference answers of tflite-int8"),
    ],
)
def test_a_bundle_with_nothing_to_compare_with(
    change: Callable[[dict[str, Any]], None], message: str, bundle_copy: Path
) -> None:
    path = bundle_copy / "bundle.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=message):
        golden_check(Bundle.open(bundle_copy), "tflite-int8")


def test_a_bundle_from_before_reference_answers_is_held_against_keras(bundle_copy: Path) -> None:
    path = bundle_copy / "bundle.json"
    manifest = json.loads(path.read_bytes())
    for variant in manifest["variants"]:
        del variant["reference"]
    path.write_text(json.dumps(manifest))
    found = golden_check(Bundle.open(bundle_copy), "tflite-int8", runtime="litert")
    assert found
    assert found.unit == "of the largest golden output"


def test_altered_golden_files_are_refused(bundle_copy: Path) -> None:
    (bundle_copy / "golden" / "outputs.npy").write_bytes(b"")
    with pytest.raises(BundleError, match="was altered"):
        golden_check(Bundle.open(bundle_copy), "tflite-int8")


def test_words_are_no_numbers(bundle_copy: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.array(["0.1"] * 320).reshape(32, 10))
    path, manifest = (
        bundle_copy / "bundle.json",
        json.loads((bundle_copy / "bundle.json").read_bytes()),
    )
    content = stream.getvalue()
    (bundle_copy / "golden" / "outputs.npy").write_bytes(content)
    entry = manifest["golden"]["outputs"][0]
    entry.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    path.write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"expected numbers in .*outputs\.npy, got <U3"):
        golden_check(Bundle.open(bundle_copy), "tflite-int8")


def test_a_variant_of_another_shape(bundle_copy: Path) -> None:
    path = bundle_copy / "bundle.json"
    manifest = json.loads(path.read_bytes())
    manifest["variants"][0]["outputs"] *= 2
    path.write_text(json.dumps(manifest))
    found = golden_check(Bundle.open(bundle_copy), "tflite-float32", runtime="litert")
    assert "expected 1 inputs and 1 outputs of tflite-float32, got 1 and 2" in str(found.failure)


def test_every_limit_has_a_reason_and_every_precision_a_limit() -> None:
    assert {f"tflite-{precision}" for precision in AGAINST_KERAS} == set(PREFERRED)
    assert set(STEPS) == set(MEAN_STEPS) <= set(AGAINST_REFERENCE) < set(AGAINST_KERAS)
    with pytest.raises(ValueError, match="expected a reason for the limit"):
        Limit(1.0, "steps", " ")


def test_a_file_far_off_keras_by_itself_may_be_twice_as_far_off_its_reference() -> None:
    limit = STEPS["int8"]
    assert limit.for_own_error(limit.limit / 2) == limit
    assert limit.for_own_error(48.0).limit == 96.0
    assert limit.for_own_error(math.nan) == limit
    assert STEPS["int16x8"].for_own_error(1e4) == STEPS["int16x8"]
