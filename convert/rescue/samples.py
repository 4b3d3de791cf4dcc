"""Inputs with Keras' answers: what a variant with layers in float is measured on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeproof.convert.freeze import FrozenGraph, Trace
from edgeproof.convert.tensors import tflite_specs
from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import batch_from_images
from edgeproof.edge.runtime import TfliteModel

# bytes of input per run of Keras, as in `keras_outputs.py`
_BATCH_BYTES = 2**20


@dataclass(frozen=True)
class Samples:
    """Inputs, what Keras answers and, of labelled images, what is right.

    Attributes:
        source: what they are, in words.
        stored: one array per model input, N x ...; for image models the uint8 images before scale
            and offset.
        contract: of image models.
        labels: class indices, int64 N; None where there are none.
        outputs: Keras' float32 outputs in the model's order; empty until `answered`.
    """

    source: str
    stored: tuple[np.ndarray, ...]
    contract: InputContract | None
    labels: np.ndarray | None = None
    outputs: tuple[np.ndarray, ...] = ()

    def __len__(self) -> int:
        return len(self.stored[0])

    def part(self, rows: slice, source: str) -> Samples:
        """Some of them, under a name of their own."""
        return dataclasses.replace(
            self,
            source=source,
            stored=tuple(array[rows] for array in self.stored),
            labels=None if self.labels is None else self.labels[rows],
            outputs=tuple(array[rows] for array in self.outputs),
        )

    def batches(self, size: int) -> Iterator[tuple[list[np.ndarray], int]]:
        """Batches as the model takes them, each of `size`, and how many rows of it count.

        The last batch is filled up by repeating the last row.
        """
        for start in range(0, len(self), size):
            rows = np.minimum(np.arange(start, start + size), len(self) - 1)
            arrays = [array[rows] for array in self.stored]
            if self.contract is not None:
                arrays = [batch_from_images(arrays[0], self.contract)]
            yield arrays, min(size, len(self) - start)

    def answered(self, traced: Trace, batch: int | None) -> Samples:
        """The same with Keras' outputs; `batch` is the one that is built into the model, if any."""
        size = batch or max(1, _BATCH_BYTES // sum(4 * array[0].size for array in self.stored))
        parts = [
            [output[:count].astype(np.float32) for output in traced.run(arrays)]
            for arrays, count in self.batches(size)
        ]
        outputs = tuple(np.concatenate(part) for part in zip(*parts, strict=True))
        return dataclasses.replace(self, outputs=outputs)


def tflite_outputs(content: bytes, frozen: FrozenGraph, samples: Samples) -> tuple[np.ndarray, ...]:
    """A .tflite's real outputs for the samples, by LiteRT with the kernels that devices run.

    Raises:
        ConvertError: the file has not the model's inputs and outputs.
        BundleError: LiteRT refuses it.
    """
    inputs, outputs = tflite_specs(content, frozen)
    model = TfliteModel(content, runtime="litert")
    parts = []
    for arrays, count in samples.batches(inputs[0].shape[0] or 1):
        pairs = zip(inputs, arrays, strict=True)
        found = model.run({spec.name: array for spec, array in pairs})
        parts.append([found[spec.name][:count] for spec in outputs])
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))
