"""How one kind of Keras layer is written for TF.js, and the checks that rules are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Config = Mapping[str, Any]
Check = Callable[[Config], str | None]


@dataclass(frozen=True)
class LayerRule:
    """How a layer's configuration is written.

    Attributes:
        keys: arguments that both sides know and that matter.
        renamed: Keras' name of an argument to TF.js' name.
        weights: Keras' name of a weight to TF.js' name, where they differ.
        checks: each gives the reason why TF.js cannot be trusted with a configuration, or None;
            they see the layer's configuration and, where it was built, its `input_shape`.
    """

    keys: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()


def only(key: str, expected: Any, reason: str) -> Check:
    """The check that an argument has the one value that TF.js knows."""

    def check(config: Config) -> str | None:
        value = config.get(key, expected)
        plain = list(value) if isinstance(value, tuple) else value
        return None if plain == expected else f"{reason} (got {key}={value!r})"

    return check


def no_dilation(config: Config) -> str | None:
    """The check that a convolution is not dilated."""
    rates = config.get("dilation_rate", 1)
    if all(rate == 1 for rate in (rates if isinstance(rates, (list, tuple)) else [rates])):
        return None
    return f"TF.js ignores its dilation (got dilation_rate={rates!r})"


def last_axis(config: Config) -> str | None:
    """The check that a layer works along the last axis."""
    axis, shape = config["axis"], config.get("input_shape")
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if axes == [-1] or (shape is not None and axes == [len(shape) - 1]):
        return None
    return f"TF.js computes it right along the last axis only (got axis={axis!r})"


def at_most_rank(rank: int) -> Check:
    """The check that the input has no more axes than TF.js' kernel takes."""

    def check(config: Config) -> str | None:
        shape = config.get("input_shape")
        if shape is None or len(shape) <= rank:
            return None
        return f"TF.js takes inputs of at most {rank} axes (got {len(shape)})"

    return check


def not_causal(config: Config) -> str | None:
    """The check that a one-dimensional convolution pads on both sides."""
    return "TF.js has no causal padding" if config["padding"] == "causal" else None
