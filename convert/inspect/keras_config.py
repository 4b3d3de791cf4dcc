"""A stored Keras configuration, read as JSON: which layers, under which names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

# containers, whose layers are counted instead
_MODELS = ("Functional", "Sequential", "Model")


def layers_of(config: Any) -> Iterator[tuple[str, str]]:
    """(class, name) of every layer, those of nested models and wrapped layers too."""
    if isinstance(config, list):
        for item in config:
            yield from layers_of(item)
    if not isinstance(config, dict):
        return
    inner = config.get("config")
    if isinstance(config.get("class_name"), str) and isinstance(inner, dict):
        # initialisers, regularisers and policies have no name of their own
        if "name" in inner and "trainable" in inner and config["class_name"] not in _MODELS:
            yield config["class_name"], str(inner["name"])
        yield from layers_of(inner.get("layers"))
        yield from layers_of(inner.get("layer"))  # wrappers
    elif isinstance(inner, list):  # a Sequential model of Keras 1
        yield from layers_of(inner)


def layer_counts(config: Any) -> Counter[str]:
    """How often each class of layer occurs."""
    return Counter(class_name for class_name, _ in layers_of(config))
