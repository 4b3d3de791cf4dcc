"""How far each variant is from Keras, layer by layer, as the report shows it.

`convert/diff` compares; the process of the `keras` runtime lets it, for TensorFlow is loaded there.
With 4 inputs all variants of digits cost 1.4 s of processor time there, those of MobileNetV2 25 s.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edgeproof.edge.errors import EdgeproofError

LAYER_INPUTS = 4  # each gives a layer thousands of values
# a large model on a busy machine: what is not done by then is left to `edgeproof diff`
LAYERS_LIMIT_S = 120.0


@dataclass(frozen=True)
class LayerPoint:
    """A layer whose output the variant holds.

    Attributes:
        layer: path of the Keras layer.
        kind: its class.
        covers: layers that are computed inside the same tensor, fused into it.
        snr_db: signal-to-noise ratio of the variant's values against Keras', decibels; 200 where
            they are the same to the last bit.
        own_db: the same against what Keras' layer makes of the very values that the variant's layer
            read, so that what went wrong before does not count.
        falls_off: whether `own_db` is below what the precision explains.
    """

    layer: str
    kind: str
    covers: tuple[str, ...]
    snr_db: float
    own_db: float
    falls_off: bool


@dataclass(frozen=True)
class LayerCurve:
    """The layers of one variant, in the order in which they are computed.

    Attributes:
        variant: its id.
        reason: why it could not be compared; null where it was.
        limit_db: the least `own_db` that the precision explains; null where nothing was compared.
        points: the layers; none where nothing was compared.
        unmatched: layers whose output is nowhere in the variant by itself.
    """

    variant: str
    reason: str | None
    limit_db: float | None = None
    points: tuple[LayerPoint, ...] = ()
    unmatched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layers:
    """The comparison with Keras by layer.

    Attributes:
        reason: why there is none at all; null where there is.
        inputs: how many golden inputs were run, the first ones.
        wall_s: seconds that it took.
        curves: one for each variant.
    """

    reason: str | None
    inputs: int = 0
    wall_s: float = 0.0
    curves: tuple[LayerCurve, ...] = ()

    @property
    def fallen(self) -> tuple[tuple[str, str], ...]:
        """Variants that compute something else, each with the first layer that does."""
        first = [(c.variant, next((p for p in c.points if p.falls_off), None)) for c in self.curves]
        return tuple((variant, point.layer) for variant, point in first if point is not None)


class LayeredSession(Protocol):
    """The Keras model, loaded where variants can be compared with it."""

    def layer_curve(self, variant_id: str, inputs: int, timeout_s: float) -> LayerCurve:
        """Raises RuntimeFailed: the process crashed, or it took too long."""


def layers_of(
    session: Callable[[], LayeredSession],
    abandon: Callable[[], None],
    variants: Sequence[str],
    stopped: Callable[[], bool],
) -> Layers:
    """The curves of some variants, within `LAYERS_LIMIT_S`; a reason stands for what failed.

    Args:
        session: loads the Keras model, in a new process after `abandon`.
        abandon: ends the process: one that failed is not asked again.
        stopped: whether verification is being ended.
    """
    started, curves = time.monotonic(), list[LayerCurve]()

    def left_s() -> float:
        return 0.0 if stopped() else LAYERS_LIMIT_S - (time.monotonic() - started)

    opened: LayeredSession | None = None
    for variant in variants:
        late = f"left out after {LAYERS_LIMIT_S:.0f} s: edgeproof diff BUNDLE {variant}"
        if left_s() <= 0:
            curves.append(LayerCurve(variant, late))
            continue
        try:
            opened = opened or session()
            curves.append(opened.layer_curve(variant, LAYER_INPUTS, max(left_s(), 1.0)))
        except EdgeproofError as error:
            abandon()
            opened = None
            curves.append(LayerCurve(variant, str(error) if left_s() > 0 else late))
    return Layers(None, LAYER_INPUTS, round(time.monotonic() - started, 1), tuple(curves))
