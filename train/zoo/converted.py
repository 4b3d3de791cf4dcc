"""What an entry's converted files score on the whole test set: `converted.json`."""

from dataclasses import dataclass
from typing import Any

CONVERTED = "converted.json"


@dataclass(frozen=True)
class ConvertedFigures:
    """One variant on one runtime: accuracy on `n` test images with its 95 % interval, 0 to 1.

    `change_points`: against Keras' answers on the same images, in percentage points.
    """

    variant: str
    runtime: str
    bytes: int
    accuracy: float
    interval_95: tuple[float, ...]
    n: int
    change_points: float


def figures_in(report: dict[str, Any]) -> tuple[ConvertedFigures, ...]:
    """Every variant that answered the whole test set, of a `report.json` of `edgeproof verify`.

    Runtimes that take a few images only, since they are slow, are left out, and so is Keras
    itself: the run's own metrics have it.
    """
    return tuple(
        ConvertedFigures(
            variant=row["variant"],
            runtime=row["runtime"],
            bytes=row["bytes"],
            accuracy=measured["value"],
            interval_95=(measured["low"], measured["high"]),
            n=measured["n"],
            change_points=row["cost"]["accuracy_change_points"],
        )
        for row in report["rows"]
        if row["bytes"] is not None
        and (measured := row["cost"]["accuracy"]) is not None
        and measured["n"] == report["data"]["total"]
    )
