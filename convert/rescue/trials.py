"""One precision of one model, quantised again and again with other layers in float."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from edgeproof.convert.description import Description
from edgeproof.convert.diff.snr import EXACT, Noise
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import FrozenGraph
from edgeproof.convert.left_in_float import ends_in_float, operations_in_float
from edgeproof.convert.quantise import Ranges, quantised_tflite
from edgeproof.convert.rescue.figures import checks_on
from edgeproof.convert.rescue.layers import Layer
from edgeproof.convert.rescue.result import Attempt
from edgeproof.convert.rescue.samples import Samples, tflite_outputs
from edgeproof.convert.variants import Precision
from edgeproof.convert.verify.check import Check
from edgeproof.convert.verify.gates import Gate
from edgeproof.edge.errors import BundleError

# samples for the ranking: it orders layers, and no gate is held against it
_RANKED_ON = 16


class Trials:
    """Makes and measures variants; counts what it does and does nothing twice."""

    def __init__(
        self,
        float_model: bytes,
        precision: Precision,
        ranges: Ranges | None,
        frozen: FrozenGraph,
        layers: Sequence[Layer],
        description: Description,
        gates: tuple[Gate, ...],
    ) -> None:
        self._float_model = float_model
        self._precision = precision
        self._ranges = ranges
        self._frozen = frozen
        self._layers = layers
        self._description = description
        self._gates = gates
        self._attempts: dict[frozenset[str], Attempt] = {}
        self.quantisations = 0
        self.evaluations = 0

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every set that was tried, in order."""
        return tuple(self._attempts.values())

    def rows(self, kept: Collection[Layer]) -> list[dict[str, Any]]:
        """The additions to the quantiser's recipe that leave these layers in float."""
        operations = {i for layer in kept for i in layer.operations}
        return operations_in_float(self._float_model, operations)

    def content(self, kept: Collection[Layer]) -> bytes:
        """The .tflite with these layers in float.

        Raises:
            ConvertError: the quantiser cannot make it.
        """
        return self._quantised(self.rows(kept))

    def attempt(self, kept: Collection[Layer], samples: Samples) -> Attempt:
        """Hold the gates against the answers with these layers in float.

        A set that cannot be made or run is an attempt that does not hold.
        """
        key = frozenset(layer.name for layer in kept)
        if key not in self._attempts:
            names = tuple(layer.name for layer in self._layers if layer.name in key)
            try:
                found = Attempt(names, self.checks(self.content(kept), samples))
            except (ConvertError, BundleError) as error:
                found = Attempt(names, (), str(error))
            self._attempts[key] = found
        return self._attempts[key]

    def checks(self, content: bytes, samples: Samples) -> tuple[Check, ...]:
        """The gates held against one file's answers.

        Raises:
            ConvertError: the file has not the model's inputs and outputs.
            BundleError: LiteRT refuses it.
        """
        self.evaluations += 1
        got = tflite_outputs(content, self._frozen, samples)
        return checks_on(samples, got, self._description, self._precision, self._gates)

    def snr_alone(self, layer: Layer, samples: Samples) -> float:
        """The outputs' signal-to-noise ratio, dB, where this layer alone is quantised.

        Alone in integers and not alone in float: a tensor that its scale ruins stays ruined until
        every layer at it is in float, so that leaving one out of many shows nothing. The worst
        ratio for one that cannot be made alone: the search takes it out again where it can.
        """
        others = {i for other in self._layers for i in other.operations} - layer.operations
        rows = [*operations_in_float(self._float_model, others), *ends_in_float()]
        few = samples.part(slice(_RANKED_ON), f"{_RANKED_ON} of {samples.source}")
        try:
            got = tflite_outputs(self._quantised(rows), self._frozen, few)
        except (ConvertError, BundleError):
            return -EXACT
        ratios = []
        for expected, values in zip(few.outputs, got, strict=True):
            noise = Noise()
            noise.add(expected, values)
            ratios.append(noise.snr_db)
        return min(ratios)

    def _quantised(self, rows: list[dict[str, Any]]) -> bytes:
        self.quantisations += 1
        return quantised_tflite(
            self._float_model, self._precision, ranges=self._ranges, in_float=rows
        )
