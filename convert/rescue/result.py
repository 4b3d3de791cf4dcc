"""What leaving layers in float came to, as data."""

from __future__ import annotations

from dataclasses import dataclass

from edgeproof.convert.rescue.figures import shown
from edgeproof.convert.rescue.layers import Layer
from edgeproof.convert.verify.check import Check

_MOST_NAMES = 6


@dataclass(frozen=True)
class Attempt:
    """One set of layers in float, tried.

    Attributes:
        layers: their names; none for the plain variant.
        checks: the gates on the samples that layers are chosen on; empty where `problem` is set.
        problem: why no such file could be made or run, as a clause.
    """

    layers: tuple[str, ...]
    checks: tuple[Check, ...]
    problem: str | None = None

    @property
    def holds(self) -> bool:
        """Was something measured, and does every gate hold?"""
        return self.problem is None and bool(self.checks) and all(self.checks)

    @property
    def verdict(self) -> str:
        """`holds`, or which gates break and by how much."""
        if self.problem is not None:
            return f"fails: {self.problem}"
        return "holds" if self.holds else f"breaks {shown(self.checks)}"

    @property
    def named(self) -> str:
        """The layers, many of them shortened."""
        some = ", ".join(self.layers[:_MOST_NAMES]) or "none"
        more = len(self.layers) - _MOST_NAMES
        return f"{some} in float" if more <= 0 else f"{some} and {more} more in float"


@dataclass(frozen=True)
class Sensitivity:
    """The signal-to-noise ratio of the model's outputs where this layer alone is quantised, dB."""

    layer: str
    snr_db: float


@dataclass(frozen=True)
class Price:
    """The plain variant and the one with layers in float.

    Attributes:
        bytes_before, bytes_after: of the .tflite as the bundle holds it.
        ms_before, ms_after: median latency of single samples in LiteRT, one thread, measured in
            turns.
        runs: of each.
    """

    bytes_before: int
    bytes_after: int
    ms_before: float
    ms_after: float
    runs: int


@dataclass(frozen=True)
class Rescue:
    """A variant with layers in float, or one that needs none.

    Attributes:
        layers: what stays in float, in the order of computation; empty where nothing has to.
        of_layers: how many there are in all.
        chosen_on: the samples that the layers were chosen on, in words; None where the user named
            them.
        before, after: the gates for the plain variant and for this one, on samples that chose
            nothing.
        price: None where nothing is kept.
        tried: every set of layers that was tried, in order.
        sensitivities: the ranking, the most sensitive layer first.
        quantisations, evaluations: files made, and files run on all samples.
    """

    variant: str
    layers: tuple[Layer, ...]
    of_layers: int
    chosen_on: str | None
    before: tuple[Check, ...]
    after: tuple[Check, ...]
    price: Price | None
    tried: tuple[Attempt, ...]
    sensitivities: tuple[Sensitivity, ...]
    quantisations: int
    evaluations: int
    seconds: float

    @property
    def names(self) -> tuple[str, ...]:
        """Every layer in float, those that are fused into others too."""
        return tuple(n for layer in self.layers for n in (*layer.covers, layer.name))
