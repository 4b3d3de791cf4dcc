"""Keras 3 and tf-keras (Keras 2) side by side: where the two spell the same thing differently."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras


def is_legacy(thing: Any) -> bool:
    """Is it a model or layer of tf-keras, the Keras 2 that reads what Keras 3 no longer does?"""
    return any(base.__module__.startswith("tf_keras.") for base in type(thing).__mro__)


def keras_of(thing: Any) -> Any:
    """The package, `keras` or `tf_keras`, that a model or layer belongs to."""
    return importlib.import_module("tf_keras" if is_legacy(thing) else "keras")


def tensor_dtype(tensor: Any) -> np.dtype:
    """The type of a symbolic tensor; bfloat16 counts as float32, in which it is fed."""
    name = str(getattr(tensor.dtype, "name", tensor.dtype))
    return np.dtype("float32" if name == "bfloat16" else name)


def weight_name(weight: keras.Variable) -> str:
    """`kernel` for Keras 3's `kernel` and Keras 2's `dense/kernel:0`."""
    return str(weight.name).rpartition("/")[2].removesuffix(":0")


def weight_path(weight: keras.Variable) -> str:
    """The weight with its layer, `head/bias`."""
    return str(getattr(weight, "path", weight.name)).removesuffix(":0")
