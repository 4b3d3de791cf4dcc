"""What a quantised .tflite has to answer, kept in the bundle so that a device can be held to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from edgeproof.convert.content import BundleContent, ConvertedVariant, StoredAnswers
from edgeproof.edge.errors import ModelFailed
from edgeproof.edge.quantisation import quantise
from edgeproof.edge.runtime import TfliteModel, batch_rows

# what float32 computes is what Keras answers; float16 is the same with weights that are widened
_JUDGED_BY_KERAS = ("tflite-float32", "tflite-float16")
# the reference kernels take 130 ms for a MobileNet, 15 times as long as the optimised ones: files
# above this size get few rows, 1 s in all there
_SMALL_BYTES = 2**20
_FEW = 4


def with_reference_answers(content: BundleContent, note: Callable[[str], None]) -> BundleContent:
    """The content with what each quantised .tflite has to answer for golden inputs.

    Args:
        note: is told which variant the reference kernels do not run.
    """
    inputs = content.golden.arrays
    variants = (answered(variant, inputs, note) for variant in content.variants)
    return dataclasses.replace(content, variants=tuple(variants))


def answered(
    variant: ConvertedVariant, inputs: Sequence[np.ndarray], note: Callable[[str], None]
) -> ConvertedVariant:
    """The variant with the reference kernels' answers, if it is one that they judge and run.

    Args:
        inputs: the golden inputs as the model takes them.
    """
    if not variant.id.startswith("tflite-") or variant.id in _JUDGED_BY_KERAS:
        return variant
    try:
        return dataclasses.replace(variant, reference=_stored_answers(variant, inputs))
    except ModelFailed as error:
        note(f"devices can hold {variant.id} against Keras alone: {error}")
        return variant


def _stored_answers(variant: ConvertedVariant, inputs: Sequence[np.ndarray]) -> StoredAnswers:
    """Outputs in the model's order, in the tensors' own dtypes."""
    file = variant.files[variant.entry]
    model = TfliteModel(file, runtime="litert", reference_kernels=True)
    count = len(inputs[0])
    if len(file) > _SMALL_BYTES:
        count = min(count, _FEW)
    chosen = np.unique(np.linspace(0, len(inputs[0]) - 1, count).astype(int))
    names = [spec.name for spec in variant.inputs]
    parts = [
        model.run({name: array[chosen[rows]] for name, array in zip(names, inputs, strict=True)})
        for rows in batch_rows(len(chosen), variant.inputs[0].shape[0])
    ]
    outputs = tuple(
        quantise(np.concatenate([part[spec.name] for part in parts])[: len(chosen)], spec)
        for spec in variant.outputs
    )
    return StoredAnswers(tuple(map(int, chosen)), outputs)
