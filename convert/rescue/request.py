"""`--keep-float` and `--gate` checked before TensorFlow starts."""

from __future__ import annotations

from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.variants import VARIANTS, chosen_variants
from edgeproof.convert.verify.gate_options import with_overrides
from edgeproof.convert.verify.gates import GATES, Gate
from edgeproof.edge.errors import UsageError

# the gates of cost, in the order in which they are shown
OF_COST = ("accuracy-drop", "agreement", "confidence-drift", "noise")


def cost_gates(options: ConvertOptions) -> tuple[Gate, ...]:
    """The rows of verification's table that are about cost, with the limits of `--gate`.

    Raises:
        UsageError: not `NAME=VALUE`, or no gate of cost.
    """
    return with_overrides(tuple(g for g in GATES if g.name in OF_COST), options.gates)


def check_keep_float(options: ConvertOptions) -> None:
    """Refuse limits that mean nothing, no names, and variants that have nothing to keep in float.

    Raises:
        UsageError: see the message.
    """
    if options.keep_float is None:
        if options.gates:
            raise UsageError(
                f"expected --keep-float with --gate {options.gates[0]}, got none; without it "
                "nothing is measured here: edgeproof verify --gate judges the finished bundle"
            )
        return
    if not options.keep_float:
        raise UsageError("expected names of layers or auto for --keep-float, got none")
    cost_gates(options)
    recipes = chosen_variants(options.variants)
    if not any(recipe.is_integer for recipe in recipes):
        possible = ", ".join(recipe.id for recipe in VARIANTS if recipe.is_integer)
        raise UsageError(
            f"expected one of {possible} among --variants for --keep-float, "
            f"got {', '.join(recipe.id for recipe in recipes)}"
        )
