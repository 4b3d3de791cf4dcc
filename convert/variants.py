"""The table of variants: one row per precision and format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edgeproof.edge.errors import UsageError, did_you_mean

Precision = Literal["float32", "float16", "uint8", "dynamic-int8", "int8", "int16x8"]


@dataclass(frozen=True)
class VariantRecipe:
    """How one variant is made.

    Attributes:
        format: "tflite", "tfjs" (graph model) or "tfjs-layers".
        precision: what the weights (and with calibration the activations) become.
        calibrated: the activations' ranges are measured on images.
        meaning: one sentence for people who choose.
    """

    format: Literal["tflite", "tfjs", "tfjs-layers"]
    precision: Precision
    calibrated: bool
    meaning: str

    @property
    def id(self) -> str:
        return f"{self.format}-{self.precision}"

    @property
    def is_integer(self) -> bool:
        """Does it compute in integers, so that there are operations to leave in float?"""
        return self.format == "tflite" and self.precision in ("dynamic-int8", "int8", "int16x8")


VARIANTS = (
    VariantRecipe("tflite", "float32", False, "the model as trained"),
    VariantRecipe("tflite", "float16", False, "weights of half the size, float arithmetic"),
    VariantRecipe(
        "tflite", "dynamic-int8", False, "int8 weights, activations quantised on the fly"
    ),
    VariantRecipe("tflite", "int8", True, "integers throughout: the fastest on a CPU"),
    VariantRecipe("tflite", "int16x8", True, "int8 weights, int16 activations: exact but slow"),
    VariantRecipe("tfjs", "float32", False, "graph model as trained"),
    VariantRecipe("tfjs", "float16", False, "graph model, weights of half the download"),
    VariantRecipe("tfjs", "uint8", False, "graph model, weights of a quarter of the download"),
    VariantRecipe("tfjs-layers", "float32", False, "layers model: can be trained on in the page"),
)
BY_ID = {recipe.id: recipe for recipe in VARIANTS}


def chosen_variants(names: str | Iterable[str]) -> tuple[VariantRecipe, ...]:
    """The rows that "all", "a,b" or a list of ids names, in the table's order.

    Raises:
        UsageError: an unknown id (the nearest is suggested), or none at all.
    """
    asked = names.split(",") if isinstance(names, str) else list(names)
    asked = [name.strip() for name in asked if name.strip()]
    if not asked:
        raise UsageError(f"expected variants (all, or some of {', '.join(BY_ID)}), got none")
    if asked == ["all"]:
        return VARIANTS
    for name in asked:
        if name not in BY_ID:
            raise UsageError(
                f"expected a variant (all, {', '.join(BY_ID)}), "
                f"got {name!r}{did_you_mean(name, BY_ID)}"
            )
    return tuple(recipe for recipe in VARIANTS if recipe.id in asked)
