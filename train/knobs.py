"""`--set KNOB=VALUE`: a recipe's knobs from the command line, by their names in `recipe.py`."""

import dataclasses
import typing
from types import NoneType
from typing import Any

from edgeproof.edge.errors import UsageError, did_you_mean
from edgeproof.train.recipe import Augmentation, Recipe, Schedule

# what a training cannot do with less of, and shares that must leave something
_AT_LEAST_ONE = ("epochs", "batch_size", "patience")
_BELOW_ONE = ("average", "label_smoothing")


def with_knobs(recipe: Recipe, settings: tuple[str, ...]) -> Recipe:
    """The recipe with some knobs of its schedule and augmentation set, each as `name=value`.

    Raises:
        UsageError: no such knob, or a value of another type.
    """
    for setting in settings:
        name, _, text = setting.partition("=")
        for part in ("schedule", "augmentation"):
            knobs = getattr(recipe, part)
            if name in _types(type(knobs)):
                value = _value(name, text, _types(type(knobs))[name])
                changed = dataclasses.replace(knobs, **{name: value})
                recipe = dataclasses.replace(recipe, **{part: changed})
                break
        else:
            known = [*_types(Schedule), *_types(Augmentation)]
            raise UsageError(
                f"--set: expected one of {', '.join(known)}, got {name!r}"
                f"{did_you_mean(name, known)}"
            )
    return recipe


def _types(knobs: type) -> dict[str, tuple[type, ...]]:
    """A knob's types, `float | None` as (float, NoneType)."""
    hints = typing.get_type_hints(knobs)
    return {f.name: typing.get_args(hints[f.name]) or (hints[f.name],) for f in _fields(knobs)}


def _fields(knobs: Any) -> tuple["dataclasses.Field[Any]", ...]:
    return dataclasses.fields(knobs)


def _value(name: str, text: str, types: tuple[type, ...]) -> Any:
    words: dict[str, Any] = {}
    if NoneType in types:
        words["none"] = None
    if bool in types:
        words |= {"true": True, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    numbers = [t for t in types if t in (int, float)]
    try:
        value = numbers[0](text)
    except (IndexError, ValueError):
        kinds = [*(f"a number ({t.__name__})" for t in numbers), *words]
        raise UsageError(f"--set {name}: expected {' or '.join(kinds)}, got {text!r}") from None
    if not 0 <= value < float("inf"):
        raise UsageError(f"--set {name}: expected a finite number from 0, got {text!r}")
    if name in _AT_LEAST_ONE and value < 1:
        raise UsageError(f"--set {name}: expected at least 1, got {text!r}")
    if name in _BELOW_ONE and value >= 1:
        raise UsageError(f"--set {name}: expected less than 1, got {text!r}")
    return value
