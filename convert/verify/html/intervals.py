"""Accuracy before and after conversion with its 95 % intervals, drawn as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeproof.convert.verify.statistics import Accuracy

_LEFT, _RIGHT = 56.0, 292.0  # of 300: the words stand before the lines


@dataclass(frozen=True)
class Scale:
    """Shares from `low` to 1 across the drawing; one scale for all that are to be compared."""

    low: float

    @classmethod
    def of(cls, every: Sequence[Accuracy]) -> Scale | None:
        """From the lowest bound, rounded down to whole percents, a tenth of the width below it."""
        if not every:
            return None
        least = min(a.low for a in every)
        return cls(max(0.0, math.floor(100 * (least - 0.1 * (1 - least))) / 100))

    def x(self, value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (value - self.low) / (1 - self.low)


def intervals(scale: Scale, before: Accuracy, after: Accuracy) -> str:
    """Two lines under each other: Keras', and the variant's."""
    words = (
        f"95 % interval after conversion {interval(after)}, before {interval(before)}, "
        f"where accuracy was {before.value:.2%}"
    )
    return (
        f'<svg class="intervals" viewBox="0 0 300 58" role="img" aria-label="{words}">'
        f"{_line(scale, before, 12, 'before')}{_line(scale, after, 30, 'after')}"
        f'<line class="axis" x1="{_LEFT}" x2="{_RIGHT}" y1="41.5" y2="41.5"/>'
        f'<text x="{_LEFT}" y="54">{scale.low:.0%}</text>'
        f'<text x="{_RIGHT}" y="54" text-anchor="end">100%</text></svg>'
    )


def _line(scale: Scale, accuracy: Accuracy, y: int, kind: str) -> str:
    low, high, value = (scale.x(v) for v in (accuracy.low, accuracy.high, accuracy.value))
    return (
        f'<g class="{kind}"><text x="0" y="{y + 4}">{kind}</text>'
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>'
        f'<circle cx="{value:.1f}" cy="{y}" r="4"/></g>'
    )


def interval(accuracy: Accuracy) -> str:
    """`95.66 to 98.87 %`."""
    return f"{100 * accuracy.low:.2f} to {accuracy.high:.2%}".replace("%", " %")
