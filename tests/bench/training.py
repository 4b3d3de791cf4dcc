"""Images per second of `edgeproof train` against a bare `model.fit` on arrays in memory.

The same model, optimiser settings, batch size and images; the second epoch counts, since the first
holds TensorFlow's tracing. Ours shuffles and augments as the recipe says, keeps the average of the
weights and writes checkpoints; `plain` is ours without augmentation, which is what bare fits.
Each side is a process of its own, in turn, for op determinism cannot be switched off again.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

IMAGES = 4096
RECIPES = ("mnist", "cifar10")
SIDES = ("bare", "plain", "augmented")
WANTED = 0.95
_SIDE = Path(__file__).with_name("training_side.py")


class Settings(Protocol):
    """What of `make bench`'s options counts here."""

    @property
    def rounds(self) -> int:
        """How often each side runs."""


def measure(settings: Settings) -> dict[str, Any]:
    """Every side of every recipe in turn, `rounds` times."""
    rates: dict[str, dict[str, list[float]]] = {r: {s: [] for s in SIDES} for r in RECIPES}
    for number in range(settings.rounds):
        for recipe in RECIPES:
            for side in SIDES:
                rate = _images_per_s(recipe, side)
                rates[recipe][side].append(rate)
                sys.stderr.write(f"round {number + 1}: {recipe} {side} {rate:.0f} images/s\n")
    return {"images": IMAGES, "rounds": settings.rounds, "images_per_s": rates}


def markdown(result: dict[str, Any]) -> str:
    """Medians, and their ratios to the bare side."""
    lines = [
        f"## Training, {result['images']:,} images, second epoch, median of {result['rounds']}",
        "",
        "| recipe | bare `model.fit` | without augmentation | as `edgeproof train` does |",
        "| --- | --- | --- | --- |",
    ]
    for recipe, sides in result["images_per_s"].items():
        bare, plain, ours = (statistics.median(sides[side]) for side in SIDES)
        lines.append(
            f"| {recipe} | {bare:.0f} images/s | {plain:.0f}, {plain / bare:.2f} x | "
            f"{ours:.0f}, {ours / bare:.2f} x |"
        )
    lines += ["", f"Wanted: {WANTED} x at least.", ""]
    return "\n".join(lines)


def _images_per_s(recipe: str, side: str) -> float:
    done = subprocess.run(
        [sys.executable, str(_SIDE), recipe, side, str(IMAGES)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{recipe} {side} failed: {done.stderr[-1000:]}")
    return float(json.loads(done.stdout.splitlines()[-1])["images_per_s"])
