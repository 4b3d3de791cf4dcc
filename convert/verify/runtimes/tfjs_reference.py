"""`tfjs-reference`: a TF.js graph model's written bytes, read independently, run in TensorFlow.

The reader decodes the shards as TF.js documents them (dequantising where they are quantised), so it
is the arithmetic that the file states, without TF.js. Quantised TF.js variants are judged by it.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

import numpy as np

from edgeproof.convert.verify.runtimes.local import LocalSession
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.manifest import Variant

Call = Callable[[list[np.ndarray]], list[np.ndarray]]


class ReaderRunning:
    """TensorFlow in this process."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def open(self, variant_id: str) -> "ReaderSession":
        from edgeproof.convert.tfjs.reader import read_graph_model

        variant = self._bundle.variant(variant_id)
        started = time.perf_counter()
        files = {PurePosixPath(f.path).name: self._bundle.read(f) for f in variant.files}
        call = read_graph_model(files)
        return ReaderSession(self._bundle, variant, call, (time.perf_counter() - started) * 1e3)

    def close(self) -> None:
        """Nothing to stop: TensorFlow lives in this process."""


class ReaderSession(LocalSession):
    """A graph model, decoded."""

    def __init__(self, bundle: Bundle, variant: Variant, call: Call, load_ms: float) -> None:
        import tensorflow as tf

        super().__init__(bundle, f"TensorFlow {tf.__version__}", load_ms)
        self._variant = variant
        self._call = call

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        outputs = self._call(self.model_inputs(inputs))
        return {s.name: np.asarray(a) for s, a in zip(self._variant.outputs, outputs, strict=True)}
