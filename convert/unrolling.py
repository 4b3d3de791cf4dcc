"""Recurrent layers unrolled while a model is traced; nothing of a layer stays changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edgeproof.convert.keras_flavour import is_legacy, keras_of

if TYPE_CHECKING:
    import keras


@contextmanager
def unrolled(model: keras.Model, limit: int) -> Iterator[None]:
    """Let recurrent layers decide at each call whether to unroll: up to `limit` steps they do."""
    layers = [x for x in model._flatten_layers() if isinstance(x, keras_of(model).layers.RNN)]
    before = [_settings(layer) for layer in layers]
    for layer in layers:
        # Keras 2 has no inner_loop; what it has instead, it decides in call
        method = "call" if is_legacy(layer) else "inner_loop"
        object.__setattr__(layer, method, _deciding(layer, getattr(layer, method), limit))
    try:
        yield
    finally:
        for layer, settings in zip(layers, before, strict=True):
            object.__delattr__(layer, "call" if is_legacy(layer) else "inner_loop")
            for name, value in settings.items():
                object.__setattr__(layer, name, value)


def _settings(layer: Any) -> dict[str, Any]:
    names = ("unroll", "_could_use_gpu_kernel")  # the latter is Keras 2's, and wants no unrolling
    return {name: vars(layer)[name] for name in names if name in vars(layer)}


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
