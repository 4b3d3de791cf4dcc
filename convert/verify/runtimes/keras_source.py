"""`keras`: the source model, run again, to show that the golden outputs are its answers."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.convert.source import ModelSource
from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.layers import LayerCurve, LayerPoint
from edgeproof.convert.verify.runtimes.local import LocalSession
from edgeproof.convert.verify.source import recorded_source
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import EdgeproofError

if TYPE_CHECKING:
    from edgeproof.convert.diff.compare import KerasSide

_BATCH = 64


class KerasRunning:
    """Keras in this process."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def open(self, variant_id: str) -> "KerasSession":
        """Load the source model; `variant_id` is always "source"."""
        source = recorded_source(self._bundle)
        if source.model is None:
            raise RuntimeFailed(f"{source.reason}")
        return KerasSession(self._bundle, source.model)

    def close(self) -> None:
        """Nothing to stop: Keras lives in this process."""


class KerasSession(LocalSession):
    """The source model, loaded."""

    def __init__(self, bundle: Bundle, source: ModelSource) -> None:
        import keras
        import tensorflow as tf

        from edgeproof.convert.keras_model import keras_model

        started = time.perf_counter()
        self._model = keras_model(source, signature=bundle.manifest.provenance.signature)
        load_ms = (time.perf_counter() - started) * 1e3
        super().__init__(bundle, f"Keras {keras.__version__}, TensorFlow {tf.__version__}", load_ms)
        self._side: KerasSide | None = None

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        arrays = self.model_inputs(inputs)
        parts = [
            self._outputs([array[start : start + _BATCH] for array in arrays])
            for start in range(0, len(arrays[0]), _BATCH)
        ]
        names = [spec.name for spec in self._bundle.manifest.model_outputs]
        columns = zip(*parts, strict=True)
        return {n: np.concatenate(column) for n, column in zip(names, columns, strict=True)}

    def layer_curve(self, variant_id: str, inputs: int, timeout_s: float = 0) -> LayerCurve:
        """Compare a variant with this model layer by layer, on the first golden inputs.

        `timeout_s` is kept by whoever runs this in a process of its own.
        """
        from edgeproof.convert.diff.compare import KerasSide
        from edgeproof.convert.diff.subject import golden_arrays, sized
        from edgeproof.convert.diff.variant_file import variant_file

        try:
            file = variant_file(self._bundle, variant_id)
            if self._side is None:
                model = sized(self._model, self._bundle)
                self._side = KerasSide(model, golden_arrays(self._bundle, model, inputs))
            found = self._side.compared(file)
        except EdgeproofError as error:
            return LayerCurve(variant_id, str(error))
        points = tuple(
            LayerPoint(row.layer, row.kind, row.covers, row.snr_db, row.own_db, row.fell)
            for row in found.rows
        )
        return LayerCurve(variant_id, None, found.rows[0].limit_db, points, found.unmatched)

    def _outputs(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        outputs = self._model(arrays[0] if len(arrays) == 1 else arrays, training=False)
        if isinstance(outputs, dict):
            names = [spec.name for spec in self._bundle.manifest.model_outputs]
            return [np.asarray(outputs[name]) for name in names]
        if isinstance(outputs, (list, tuple)):
            return [np.asarray(output) for output in outputs]
        return [np.asarray(outputs)]
