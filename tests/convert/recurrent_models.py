"""Recurrent and sequence models as other people build them, small enough to convert in a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from .tfjs.models import with_random_weights

Make = Callable[[], keras.Model]


def _stack(shape: tuple[int | None, ...], *make: Callable[[], Any], dtype: str = "float32") -> Make:
    def model() -> keras.Model:
        return with_random_weights(
            keras.Sequential([keras.Input(shape, dtype=dtype), *(m() for m in make)])
        )

    return model


def _returned_state() -> keras.Model:
    steps = keras.Input((5, 3))
    sequence, state, carry = layers.LSTM(4, return_sequences=True, return_state=True)(steps)
    x = layers.LSTM(4)(sequence, initial_state=[state, carry])
    return with_random_weights(keras.Model(steps, [layers.Dense(3)(x), state]))


def _attention() -> keras.Model:
    steps = keras.Input((6, 3))
    sequence = layers.LSTM(5, return_sequences=True)(steps)
    weights = layers.Softmax(axis=1)(layers.Dense(1)(sequence))
    context = layers.Flatten()(layers.Dot(axes=1)([weights, sequence]))
    return with_random_weights(keras.Model(steps, layers.Dense(3)(context)))


def _translation() -> keras.Model:
    source = keras.Input((5,), dtype="int32", name="source")
    target = keras.Input((4,), dtype="int32", name="target")
    embedded = layers.Embedding(9, 4, mask_zero=True)(source)
    _, state, carry = layers.LSTM(6, return_state=True)(embedded)
    embedded = layers.Embedding(9, 4, mask_zero=True)(target)
    x = layers.LSTM(6, return_sequences=True)(embedded, initial_state=[state, carry])
    return with_random_weights(keras.Model([source, target], layers.Dense(9)(x)))


def _stateful() -> keras.Model:
    steps = keras.Input(batch_shape=(1, 4, 3))
    return with_random_weights(keras.Model(steps, layers.GRU(4, stateful=True)(steps)))


SHORT: dict[str, Make] = {
    "lstm": _stack((6, 3), lambda: layers.LSTM(8), lambda: layers.Dense(3)),
    "gru": _stack((6, 3), lambda: layers.GRU(8), lambda: layers.Dense(3)),
    "gru, reset before": _stack((6, 3), lambda: layers.GRU(8, reset_after=False)),
    "simple": _stack((6, 3), lambda: layers.SimpleRNN(8, return_sequences=True)),
    "bidirectional": _stack(
        (5, 3),
        lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
        layers.GlobalMaxPooling1D,
    ),
    "stacked": _stack(
        (5, 3), lambda: layers.LSTM(6, return_sequences=True), lambda: layers.LSTM(4)
    ),
    "masked": _stack((6, 3), lambda: layers.Masking(-1.0), lambda: layers.LSTM(6)),
    "words": _stack(
        (6,),
        lambda: layers.Embedding(9, 4, mask_zero=True),
        lambda: layers.LSTM(6),
        lambda: layers.Dense(1, "sigmoid"),
        dtype="int32",
    ),
    "words, averaged": _stack(
        (6,),
        lambda: layers.Embedding(9, 4, mask_zero=True),
        layers.GlobalAveragePooling1D,
        dtype="int32",
    ),
    "convolutional": _stack((3, 6, 6, 2), lambda: layers.ConvLSTM2D(3, 3)),
    "video": _stack(
        (3, 8, 8, 2),
        lambda: layers.TimeDistributed(layers.Conv2D(3, 3, activation="relu")),
        lambda: layers.TimeDistributed(layers.GlobalAveragePooling2D()),
        lambda: layers.LSTM(5),
    ),
    "series": _stack(
        (8, 3),
        lambda: layers.Conv1D(4, 3, padding="causal", activation="relu"),
        lambda: layers.LSTM(5),
    ),
    "repeated": _stack(
        (5, 3),
        lambda: layers.LSTM(4),
        lambda: layers.RepeatVector(3),
        lambda: layers.GRU(4, return_sequences=True),
        lambda: layers.TimeDistributed(layers.Dense(2)),
    ),
    "cells": _stack(
        (4, 3), lambda: layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], go_backwards=True)
    ),
    "dropout, unrolled by Keras": _stack(
        (4, 3), lambda: layers.LSTM(4, dropout=0.3, recurrent_dropout=0.3, unroll=True)
    ),
    "returned state": _returned_state,
    "attention": _attention,
    "translation": _translation,
    "stateful": _stateful,
}
# whose recurrences are converted as loops
LONG: dict[str, Make] = {
    "long": _stack(
        (9, 3),
        layers.Masking,
        lambda: layers.GRU(4, return_sequences=True),
        lambda: layers.SimpleRNN(3, go_backwards=True),
    ),
    "long, both ways": _stack(
        (9, 3),
        lambda: layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
        layers.GlobalAveragePooling1D,
    ),
}
FREE: dict[str, Make] = {
    "free length": _stack((None, 3), lambda: layers.LSTM(4, return_sequences=True)),
    "free length, masked": _stack(
        (None,),
        lambda: layers.Embedding(9, 4, mask_zero=True),
        lambda: layers.Bidirectional(layers.GRU(3)),
        dtype="int32",
    ),
}
