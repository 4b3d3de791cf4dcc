"""`--keep-float auto`: the layers of one variant, ranked by measurement and chosen by trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeproof.convert.progress import Progress
from edgeproof.convert.rescue.errors import NoRescue
from edgeproof.convert.rescue.layers import Layer
from edgeproof.convert.rescue.result import Sensitivity
from edgeproof.convert.rescue.samples import Samples
from edgeproof.convert.rescue.search import smallest_set
from edgeproof.convert.rescue.trials import Trials


@dataclass(frozen=True)
class Choice:
    """The layers that stay in float, and the ranking, the most sensitive first.

    Both are empty where the plain variant meets its gates.
    """

    layers: tuple[Layer, ...]
    ranking: tuple[Sensitivity, ...]


def chosen_layers(
    variant: str,
    trials: Trials,
    layers: Sequence[Layer],
    samples: Samples,
    progress: Progress,
) -> Choice:
    """The fewest layers in float, as far as the search sees, with which the gates hold.

    Raises:
        NoRescue: no set short of all layers does.
    """
    plain = trials.attempt((), samples)
    if plain.holds:
        return Choice((), ())
    progress.detail(f"{variant} by itself {plain.verdict}")
    most = trials.attempt(layers, samples)
    if not most.holds:
        raise NoRescue(
            f"{variant} cannot meet its gates on {samples.source}: with every layer in float, and "
            f"only inputs and outputs in integers, it {most.verdict}; choose limits that can be "
            "met with --gate NAME=VALUE"
        )
    ranking = _ranked(variant, trials, layers, samples, progress)
    by_name = {layer.name: layer for layer in layers}
    seen = set[frozenset[str]]()

    def holds(kept: Sequence[Layer]) -> bool:
        attempt = trials.attempt(kept, samples)
        if (key := frozenset(attempt.layers)) not in seen:
            seen.add(key)
            progress.detail(f"{variant} with {attempt.named}: {attempt.verdict}")
        return attempt.holds

    found = smallest_set([by_name[row.layer] for row in ranking], holds)
    if found is None:
        raise NoRescue(
            f"{variant} cannot meet its gates on {samples.source} with fewer than all of its "
            f"{len(layers)} layers in float: by itself it {plain.verdict}; choose limits that can "
            "be met with --gate NAME=VALUE, or use tflite-float16"
        )
    return Choice(tuple(layer for layer in layers if layer in found), ranking)


def _ranked(
    variant: str,
    trials: Trials,
    layers: Sequence[Layer],
    samples: Samples,
    progress: Progress,
) -> tuple[Sensitivity, ...]:
    rows = []
    for number, layer in enumerate(layers, start=1):
        progress.detail(f"{variant}: {layer.name} alone in integers ({number} of {len(layers)})")
        rows.append(Sensitivity(layer.name, trials.snr_alone(layer, samples)))
    return tuple(sorted(rows, key=lambda row: row.snr_db))
