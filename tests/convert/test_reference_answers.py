"""What the reference kernels answer travels with a quantised variant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.convert import reference_answers
from edgeproof.convert.content import ConvertedVariant
from edgeproof.convert.reference_answers import answered
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import ModelFailed
from edgeproof.edge.image import batch_from_images
from edgeproof.edge.quantisation import dequantise
from edgeproof.edge.runtime import TfliteModel

QUANTISED = {"tflite-dynamic-int8", "tflite-int8", "tflite-int16x8"}


def converted(bundle: Bundle, variant_id: str) -> tuple[ConvertedVariant, tuple[np.ndarray]]:
    """A variant as conversion has it, and the golden inputs as the model takes them."""
    assert bundle.manifest.input is not None
    variant = bundle.variant(variant_id)
    files = {"model.tflite": bundle.read(variant.entry_file)}
    images = bundle.array(bundle.manifest.golden.inputs[0])
    return (
        ConvertedVariant(variant_id, "model.tflite", files, variant.inputs, variant.outputs, 0),
        (batch_from_images(images, bundle.manifest.input),),
    )


def test_quantised_variants_have_them_in_their_own_integers(digits_bundle: Path) -> None:
    bundle = Bundle.open(digits_bundle)
    manifest = bundle.manifest
    assert manifest.input is not None
    assert {v.id for v in manifest.variants if v.reference is not None} == QUANTISED
    images = bundle.array(manifest.golden.inputs[0])
    for variant in manifest.variants:
        if variant.reference is None:
            continue
        (entry,) = variant.reference.outputs
        assert entry in manifest.all_files()
        stored = bundle.array(entry)
        assert variant.reference.rows == tuple(range(32))
        assert stored.dtype.name == variant.outputs[0].dtype
        model = TfliteModel(bundle.read(variant.entry_file), reference_kernels=True)
        for row in (0, 17, 31):
            batch = batch_from_images(images[row : row + 1], manifest.input)
            (answer,) = model.run({variant.inputs[0].name: batch}).values()
            kept = dequantise(stored[row : row + 1], variant.outputs[0])
            np.testing.assert_array_equal(answer, kept)


def test_large_files_get_few_rows(digits_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variant, inputs = converted(Bundle.open(digits_bundle), "tflite-int8")
    monkeypatch.setattr(reference_answers, "_SMALL_BYTES", 1000)
    few = answered(variant, inputs, pytest.fail).reference
    monkeypatch.undo()
    every = answered(variant, inputs, pytest.fail).reference
    assert few is not None
    assert every is not None
    assert few.rows == (0, 10, 20, 31)
    np.testing.assert_array_equal(few.outputs[0], every.outputs[0][list(few.rows)])


def test_what_the_reference_kernels_refuse_is_said(
    digits_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> TfliteModel:
        raise ModelFailed("litert refuses the model: Node number 41 failed to prepare")

    variant, inputs = converted(Bundle.open(digits_bundle), "tflite-int8")
    monkeypatch.setattr(reference_answers, "TfliteModel", refused)
    said: list[str] = []
    assert answered(variant, inputs, said.append) == variant
    assert said == [
        "devices can hold tflite-int8 against Keras alone: "
        "litert refuses the model: Node number 41 failed to prepare"
    ]
