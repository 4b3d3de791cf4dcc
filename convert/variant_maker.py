"""All variants of one model, each step that they share done once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from edgeproof.convert.calibration import Calibration
from edgeproof.convert.content import ConvertedVariant
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import FrozenGraph
from edgeproof.convert.operations import float_operations
from edgeproof.convert.options import Writer
from edgeproof.convert.progress import Progress
from edgeproof.convert.quantise import Ranges, activation_ranges, quantised_tflite
from edgeproof.convert.rescue.rescuer import Rescuer
from edgeproof.convert.tensors import graph_specs, tflite_specs
from edgeproof.convert.tfjs.graph_model import encoded, prepared
from edgeproof.convert.tfjs.layers_model import layers_model_files
from edgeproof.convert.tfjs.public_writer import public_writer_files
from edgeproof.convert.tflite import float_tflite, signature_name
from edgeproof.convert.trial import refusal_by_tflite_runtime, run_once
from edgeproof.convert.variants import VariantRecipe
from edgeproof.edge.errors import BundleError

if TYPE_CHECKING:
    import keras
    import numpy as np

T = TypeVar("T")
NO_CALIBRATION = "it needs calibration images: give --calibration DIR or FILE.npz"


class _Once(Generic[T]):
    """A value that is made when first asked for; a failure is kept and raised again too."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._results: list[T] = []
        self._error: ConvertError | None = None

    def __call__(self) -> T:
        if self._error is not None:
            raise self._error
        if not self._results:
            try:
                self._results.append(self._make())
            except ConvertError as error:
                self._error = error
                raise
        return self._results[0]


class VariantMaker:
    """Makes any variant of a model."""

    def __init__(
        self,
        model: keras.Model,
        frozen: FrozenGraph,
        calibration: Calibration | None,
        progress: Progress,
        *,
        batch: int | None,
        has_layers: bool,
        writer: Writer = "edgeproof",
        rescuer: Rescuer | None = None,
    ) -> None:
        """Prepare; nothing is converted yet.

        Args:
            frozen: the model with a free batch.
            batch: of the TFLite files; None for a free one.
            has_layers: the model consists of Keras layers and is not a wrapped SavedModel.
            writer: of the TF.js files.
            rescuer: decides which layers of the integer variants stay in float; None for none.
        """
        self._model = model
        self._frozen = frozen
        self._calibration = calibration
        self._progress = progress
        self._batch = batch
        self._has_layers = has_layers
        self._writer = writer
        self._rescuer = rescuer
        self._float_tflite = _Once(lambda: float_tflite(model, frozen, batch=batch))
        self._ranges = _Once(self._measured_ranges)
        self._topology = _Once(lambda: prepared(frozen))

    def make(self, recipe: VariantRecipe) -> ConvertedVariant:
        """Convert the model by one row of the table.

        Raises:
            ConvertError: this model cannot become this variant, with the reason.
        """
        start = time.perf_counter()
        if recipe.format == "tflite":
            files = {"model.tflite": self._tflite(recipe)}
            try:
                inputs, outputs = tflite_specs(files["model.tflite"], self._frozen)
            except BundleError as error:
                raise ConvertError(f"the converted file does not load: {error}") from error
        else:
            files = self._tfjs(recipe)
            inputs, outputs = graph_specs(self._frozen)
        seconds = time.perf_counter() - start
        return ConvertedVariant(recipe.id, next(iter(files)), files, inputs, outputs, seconds)

    def _tflite(self, recipe: VariantRecipe) -> bytes:
        if recipe.calibrated and self._calibration is None:
            raise ConvertError(NO_CALIBRATION)
        float_model = self._float_tflite()
        if recipe.precision == "float32":
            return float_model
        ranges = self._ranges() if recipe.calibrated else None
        in_float = []
        if self._rescuer is not None and recipe.is_integer:
            in_float = self._rescuer.in_float(recipe, float_model, ranges)
        content = quantised_tflite(float_model, recipe.precision, ranges=ranges, in_float=in_float)
        run_once(content)
        if refusal := refusal_by_tflite_runtime(content):
            self._progress.note(f"{recipe.id}: LiteRT runs it, tflite-runtime does not: {refusal}")
        if recipe.calibrated and (left := float_operations(content)):
            counted = ", ".join(f"{n} {name}" for name, n in sorted(left.items()))
            self._progress.note(f"{recipe.id}: these operations stay in float: {counted}")
        return content

    def _tfjs(self, recipe: VariantRecipe) -> dict[str, bytes]:
        if recipe.format == "tfjs-layers":
            if not self._has_layers:
                raise ConvertError("a SavedModel has no Keras layers; use tfjs-float32")
            if self._writer == "tensorflowjs":
                return public_writer_files(self._model, self._frozen, recipe)
            return layers_model_files(self._model)
        if self._writer == "tensorflowjs":
            return public_writer_files(self._model, self._frozen, recipe)
        return encoded(self._topology(), recipe.precision)  # type: ignore[arg-type]

    def _measured_ranges(self) -> Ranges:
        assert self._calibration is not None
        batch = self._batch or 1
        names = [signature_name(t.name) for t in self._frozen.inputs]
        arrays = self._calibration.arrays

        def sample(start: int) -> dict[str, np.ndarray]:
            rows = (array[start : start + batch] for array in arrays)
            return dict(zip(names, rows, strict=True))

        whole = len(self._calibration) - len(self._calibration) % batch
        if not whole:
            raise ConvertError(
                f"expected at least {batch} calibration samples, the fixed batch, "
                f"got {len(self._calibration)}"
            )
        samples = [sample(start) for start in range(0, whole, batch)]
        return activation_ranges(self._float_tflite(), "int8", samples)
