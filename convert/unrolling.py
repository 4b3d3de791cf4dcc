"""Recurrent layers as inference wants them while a model is traced; nothing stays changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edgeproof.convert.keras_flavour import is_legacy, keras_of

if TYPE_CHECKING:
    import keras


@contextmanager
def unrolled(model: keras.Model, limit: int) -> Iterator[None]:
    """Let recurrent layers decide at each call whether to unroll: up to `limit` steps they do.

    They also write no variables, which a frozen graph has not: no state is kept between calls, and
    Keras 3 draws no dropout masks, which it does even where it does not use them.
    """
    layers = _recurrent(model)
    before = [dict(vars(layer)) for layer in layers]
    for layer in layers:
        for name, value in _overrides(layer, limit).items():
            object.__setattr__(layer, name, value)
    try:
        yield
    finally:
        for layer, attributes in zip(layers, before, strict=True):
            for name in _OVERRIDDEN & vars(layer).keys():
                if name in attributes:
                    object.__setattr__(layer, name, attributes[name])
                else:
                    object.__delattr__(layer, name)


def forget_states(model: keras.Model) -> list[str]:
    """Make stateful layers start from zeros in every call, for good; returns their names."""
    stateful = [layer for layer in _recurrent(model) if layer.stateful]
    for layer in stateful:
        layer.stateful = False
    return [layer.name for layer in stateful]


def _recurrent(model: keras.Model) -> list[Any]:
    return [x for x in model._flatten_layers() if isinstance(x, keras_of(model).layers.RNN)]


_DROPOUT = "_maybe_config_dropout_masks"
# _could_use_gpu_kernel is Keras 2's, and wants no unrolling
_OVERRIDDEN = {"call", "inner_loop", "stateful", "unroll", "_could_use_gpu_kernel", _DROPOUT}


def _overrides(layer: Any, limit: int) -> dict[str, Any]:
    if is_legacy(layer):  # has no inner_loop; what it has instead, it decides in call
        return {"call": _deciding(layer, layer.call, limit), "stateful": False}
    made = {"inner_loop": _deciding(layer, layer.inner_loop, limit), "stateful": False}
    if hasattr(layer, _DROPOUT):
        made[_DROPOUT] = lambda cell, sequence, state: None
    return made


def _deciding(layer: Any, original: Callable[..., Any], limit: int) -> Callable[..., Any]:
    def decide(sequences: Any, *args: Any, **kwargs: Any) -> Any:
        steps = sequences.shape[1]
        unroll = steps is not None and steps <= limit
        object.__setattr__(layer, "unroll", unroll)
        if unroll and is_legacy(layer):
            object.__setattr__(layer, "_could_use_gpu_kernel", False)
        if unroll and layer.go_backwards and getattr(layer, "zero_output_for_mask", False):
            return _turned(layer, original, sequences, *args, **kwargs)
        return original(sequences, *args, **kwargs)

    return decide


def _turned(
    layer: Any, original: Callable[..., Any], sequences: Any, *args: Any, **kwargs: Any
) -> Any:
    """Forwards over the turned sequence and mask, which is what backwards means.

    Keras' own unrolled loops, run backwards over a mask, set the wrong steps to zero; Bidirectional
    asks for that. Measured: all of the largest output in Keras 3.15, 0.87 of it in tf-keras 2.21.
    """
    import tensorflow as tf

    position = 0 if is_legacy(layer) else 1
    mask = args[position] if len(args) > position else kwargs.get("mask")
    if mask is None:
        return original(sequences, *args, **kwargs)
    # TF.js' wasm backend reverses booleans as if they were four bytes wide
    turned = tf.cast(tf.reverse(tf.cast(mask, tf.float32), [1]), tf.bool)
    if len(args) > position:
        args = (*args[:position], turned, *args[position + 1 :])
    else:
        kwargs = {**kwargs, "mask": turned}
    object.__setattr__(layer, "go_backwards", False)
    try:
        return original(tf.reverse(sequences, [1]), *args, **kwargs)
    finally:
        object.__setattr__(layer, "go_backwards", True)
