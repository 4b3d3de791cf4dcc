"""What of each integer variant stays in float, measured before and after."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from edgeproof.convert.companions import with_companions
from edgeproof.convert.content import ConvertedVariant
from edgeproof.convert.description import Description
from edgeproof.convert.diff.layer_calls import LayerCall
from edgeproof.convert.freeze import FrozenGraph
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.progress import Progress
from edgeproof.convert.quantise import Ranges
from edgeproof.convert.rescue.choice import Choice, chosen_layers
from edgeproof.convert.rescue.division import MeasuredOn
from edgeproof.convert.rescue.errors import NoRescue
from edgeproof.convert.rescue.figures import check_measurable, shown
from edgeproof.convert.rescue.latency import latencies_in_turns
from edgeproof.convert.rescue.layers import Layer, named_layers, tflite_layers
from edgeproof.convert.rescue.request import cost_gates
from edgeproof.convert.rescue.result import Price, Rescue
from edgeproof.convert.rescue.trials import Trials
from edgeproof.convert.tensors import tflite_specs
from edgeproof.convert.variants import VariantRecipe

# samples that layers are found on, by what they compute
_MATCHED_ON = 4


class Rescuer:
    """Decides for one variant after another; `rescues` says what came of it."""

    def __init__(
        self,
        options: ConvertOptions,
        measured_on: MeasuredOn,
        description: Description,
        frozen: FrozenGraph,
        calls: Sequence[LayerCall],
        progress: Progress,
    ) -> None:
        """Prepare; nothing is made yet.

        Args:
            options: `keep_float` and `gates`; where layers are named, gates are judged only if
                limits are given.
            measured_on: with Keras' outputs.

        Raises:
            UsageError: a limit that nothing can be held against.
        """
        assert options.keep_float is not None
        check_measurable(options.gates, description, measured_on.confirming)
        self._wish = options.keep_float
        self._is_judged = options.keep_float == "auto" or bool(options.gates)
        self._gates = cost_gates(options)
        self._measured_on = measured_on
        self._description = description
        self._frozen = frozen
        self._calls = calls
        self._progress = progress
        self._layers: tuple[Layer, ...] = ()
        self.rescues: list[Rescue] = []

    def in_float(
        self, recipe: VariantRecipe, float_model: bytes, ranges: Ranges | None
    ) -> list[dict[str, Any]]:
        """The quantiser's rows that leave layers of one variant in float; adds to `rescues`.

        Raises:
            NoRescue: no set of layers meets the gates, or it does not on other samples.
            UsageError: a name that no layer has.
            ConvertError: the plain variant cannot be made.
        """
        started = time.perf_counter()
        confirming = self._measured_on.confirming
        trials = Trials(
            float_model,
            recipe.precision,
            ranges,
            self._frozen,
            self._known_layers(float_model),
            self._description,
            self._gates,
        )
        plain = trials.content(())
        choice = self._choice(recipe.id, trials)
        before = after = trials.checks(plain, confirming)
        price = None
        if choice.layers:
            content = trials.content(choice.layers)
            after = trials.checks(content, confirming)
            times = latencies_in_turns(plain, content, self._frozen, confirming)
            price = Price(
                self._delivered_bytes(recipe, plain),
                self._delivered_bytes(recipe, content),
                times.first_ms,
                times.second_ms,
                times.runs,
            )
        choosing = self._measured_on.choosing
        found = Rescue(
            variant=recipe.id,
            layers=choice.layers,
            of_layers=len(self._layers),
            chosen_on=None if choosing is None else choosing.source,
            before=before,
            after=after,
            price=price,
            tried=trials.attempts,
            sensitivities=choice.ranking,
            quantisations=trials.quantisations,
            evaluations=trials.evaluations,
            seconds=time.perf_counter() - started,
        )
        self._judge(found)
        self.rescues.append(found)
        return trials.rows(choice.layers)

    def _known_layers(self, float_model: bytes) -> tuple[Layer, ...]:
        if not self._layers:
            shape = self._frozen.inputs[0].shape
            batch = _MATCHED_ON if shape is None or shape[0] is None else shape[0]
            arrays, _ = next(self._measured_on.confirming.batches(batch))
            self._layers = tflite_layers(float_model, self._frozen, self._calls, arrays)
        return self._layers

    def _delivered_bytes(self, recipe: VariantRecipe, content: bytes) -> int:
        """The size of the file in the bundle, labels and all."""
        name = "model.tflite"
        ends = tflite_specs(content, self._frozen)
        variant = ConvertedVariant(recipe.id, name, {name: content}, *ends, seconds=0.0)
        return len(with_companions(variant, self._description).files[name])

    def _choice(self, variant: str, trials: Trials) -> Choice:
        if self._wish != "auto":
            return Choice(named_layers(self._layers, self._wish), ())
        choosing = self._measured_on.choosing
        assert choosing is not None
        return chosen_layers(variant, trials, self._layers, choosing, self._progress)

    def _judge(self, found: Rescue) -> None:
        """The gates on samples that chose nothing.

        Raises:
            NoRescue: one of them breaks.
        """
        if not self._is_judged or all(found.after):
            return
        names = ",".join(layer.name for layer in found.layers)
        kept = f"with {names} in float" if names else "by itself"
        broken = f"on {self._measured_on.confirming.source} it breaks {shown(found.after)}"
        takes = f", and --keep-float {names} takes these as they are" if names else ""
        if found.chosen_on is None:
            raise NoRescue(
                f"{found.variant} {kept} does not meet its gates: {broken}; name more layers, or "
                "let --keep-float auto find them"
            )
        raise NoRescue(
            f"{found.variant} {kept} meets its gates on {found.chosen_on}, where that was chosen, "
            f"but {broken}; a stricter limit (--gate NAME=VALUE) keeps more layers, a looser one "
            f"leaves room{takes}"
        )
