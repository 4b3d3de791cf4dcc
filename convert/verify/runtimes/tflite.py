"""TensorFlow Lite files on `litert`, `tflite-runtime` and LiteRT's reference kernels."""

import time
from collections.abc import Sequence

import numpy as np

from edgeproof.convert.verify.runtimes.local import LocalSession
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.manifest import TensorSpec, Variant
from edgeproof.edge.quantisation import dequantise, quantise
from edgeproof.edge.runtime import RuntimeName, TfliteModel, batch_rows

# a name without a row is a mistake: another runtime's answers must not stand for it
_LIBRARIES: dict[str, RuntimeName] = {
    "litert": "litert",
    "litert-reference": "litert",
    "tflite-runtime": "tflite-runtime",
}


class TfliteRunning:
    """The TFLite runtime of this process."""

    def __init__(self, bundle: Bundle, name: str) -> None:
        self._bundle = bundle
        self._name = name

    def open(self, variant_id: str) -> "TfliteSession":
        variant = self._bundle.variant(variant_id)
        content = self._bundle.read(variant.entry_file)
        started = time.perf_counter()
        model = TfliteModel(
            content,
            runtime=_LIBRARIES[self._name],
            reference_kernels=self._name == "litert-reference",
        )
        load_ms = (time.perf_counter() - started) * 1e3
        return TfliteSession(self._bundle, variant, model, load_ms)

    def close(self) -> None:
        """Nothing to stop: the runtime lives in this process."""


class TfliteSession(LocalSession):
    """One interpreter; runs in pieces of the batch that the file fixes."""

    def __init__(
        self, bundle: Bundle, variant: Variant, model: TfliteModel, load_ms: float
    ) -> None:
        super().__init__(bundle, f"{model.runtime} {model.version}", load_ms)
        self._variant = variant
        self._model = model

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        arrays = self.model_inputs(inputs)
        given = dict(zip((spec.name for spec in self._variant.inputs), arrays, strict=True))
        # quantised all at once: for each call anew it cost a third of a small model's time
        tensors = [quantise(given[spec.name], spec) for spec in self._model.inputs]
        total = len(arrays[0])
        calls = [
            self._model.invoke([tensor[rows] for tensor in tensors])
            for rows in batch_rows(total, self._variant.inputs[0].shape[0])
        ]
        return {
            spec.name: dequantise(np.concatenate(parts), spec)[:total]
            for spec, parts in zip(self._model.outputs, zip(*calls, strict=True), strict=True)
        }

    def tensors(self) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
        return self._model.inputs, self._model.outputs
