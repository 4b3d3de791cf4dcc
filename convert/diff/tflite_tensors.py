"""A .tflite run by LiteRT's reference kernels, nothing delegated, all that it computes kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeproof.convert.diff.errors import DiffError
from edgeproof.convert.flatbuffer import read_tflite
from edgeproof.convert.freeze import FrozenGraph
from edgeproof.convert.tensors import tflite_specs
from edgeproof.edge.runtime import TfliteModel


class TfliteTensors:
    """A .tflite that returns what each operation of its main graph writes, as real numbers."""

    def __init__(self, content: bytes, frozen: FrozenGraph) -> None:
        """Load the file.

        Args:
            frozen: the Keras model's graph, whose inputs the file must have.

        Raises:
            BundleError: the runtime refuses the file.
            ConvertError: it has not the model's inputs and outputs.
            DiffError: it does not say which of its inputs is which.
        """
        self._model = TfliteModel(
            content, runtime="litert", reference_kernels=True, keep_tensors=True
        )
        file = read_tflite(content)
        if not file.signatureDefs:
            raise DiffError(
                "expected a .tflite with a signature, got one without, so it is of another making; "
                "compare what `edgeproof convert` writes"
            )
        self._inputs, _ = tflite_specs(content, frozen)
        graph = file.subgraphs[0]
        self._computed = {int(i) for operation in graph.operators for i in operation.outputs}

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The tensors for one batch of the model's inputs, in pieces of the file's own batch."""
        size = self._inputs[0].shape[0] or 1
        total = len(inputs[0])
        pieces: dict[str, list[np.ndarray]] = {}
        for start in range(0, total, size):
            # the last piece is filled up by repeating the last row
            rows = np.minimum(np.arange(start, start + size), total - 1)
            pairs = zip(self._inputs, inputs, strict=True)
            self._model.run({spec.name: array[rows] for spec, array in pairs})
            for name, value in self._model.kept(self._computed).items():
                # what has another first axis is no batch: its size does not fit any layer's
                is_batch = value.ndim > 0 and len(value) == size
                kept = value[: total - start] if is_batch else np.atleast_1d(value)
                pieces.setdefault(name, []).append(kept)
        return {name: np.concatenate(parts) for name, parts in pieces.items()}
