"""Small models with non-trivial weights, for the tests of the TF.js writer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers


def with_random_weights(model: keras.Model, seed: int = 0) -> keras.Model:
    """Biases, slopes and batch-norm statistics that a pass cannot drop unnoticed."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.name in ("moving_variance", "gamma"):
            weight.assign(generator.uniform(0.5, 1.5, weight.shape))
        elif len(weight.shape) <= 1 or weight.name == "alpha":
            weight.assign(generator.normal(0, 0.3, weight.shape))
    return model


def random_inputs(model: keras.Model, batch: int = 3, seed: int = 0) -> list[np.ndarray]:
    """One array per input: normal numbers, or small integers."""
    generator = np.random.default_rng(seed)
    arrays = []
    for tensor in model.inputs:
        shape = (batch, *tensor.shape[1:])
        floating = tensor.dtype.startswith("float")
        arrays.append(
            generator.normal(0, 1, shape).astype(np.float32)
            if floating
            else generator.integers(0, 5, shape).astype(np.int32)
        )
    return arrays


def keras_outputs(model: keras.Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """What Keras answers, one array per output."""
    given: Any = inputs if len(inputs) > 1 else inputs[0]
    return [np.asarray(t) for t in keras.tree.flatten(model(given, training=False))]


def image_classifier() -> keras.Model:
    """The layers of the project's own recipes."""
    image = keras.Input((24, 24, 3), name="image")
    x = layers.RandomFlip()(image)
    x = layers.Rescaling(1 / 255)(x)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(max_value=6)(x)
    shortcut = x
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu6")(x)
    x = layers.Conv2D(8, 1)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Add()([x, shortcut])
    x = layers.SeparableConv2D(12, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.SpatialDropout2D(0.2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(5, activation="softmax", name="scores")(x)
    return with_random_weights(keras.Model(image, x, name="classifier"))


def every_activation() -> keras.Model:
    """Each fused activation behind each operation that can be fused."""
    image = keras.Input((9, 9, 4), name="image")
    x: Any = image
    for activation in ("relu", "relu6", "elu", "leaky_relu", "sigmoid", "tanh", "gelu", "swish"):
        x = layers.Conv2D(4, 1, activation=activation)(x)
        x = layers.DepthwiseConv2D(3, padding="same", activation=activation)(x)
    x = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(4, 3, dilation_rate=2)(x))
    x = layers.PReLU(shared_axes=[1, 2])(layers.DepthwiseConv2D(2)(x))
    x = layers.PReLU(shared_axes=[1])(layers.Conv2D(4, 2)(x))
    x = layers.Flatten()(layers.PReLU()(x))
    for activation in ("relu", "relu6", "elu", "leaky_relu", "sigmoid", "softsign"):
        x = layers.Dense(6, activation=activation)(x)
    x = layers.PReLU()(layers.Dense(6)(x))
    return with_random_weights(keras.Model(image, x, name="activations"))


def many_inputs_and_outputs() -> keras.Model:
    """Names whose alphabetical order is not the model's, and an output that is used again."""
    first = keras.Input((8,), name="zeta")
    second = keras.Input((8,), name="alpha")
    shared = layers.Dense(6, activation="relu", name="shared")
    joined = layers.Concatenate(name="joined")([shared(first), shared(second)])
    return with_random_weights(
        keras.Model(
            [first, second],
            [
                layers.Dense(3, name="second")(joined),
                layers.Dense(2, activation="softmax", name="first")(joined),
                joined,
            ],
        )
    )


def sequence() -> keras.Model:
    """Views between products and their biases, recurrence, attention, embedding."""
    tokens = keras.Input((12,), dtype="int32", name="tokens")
    x = layers.Embedding(20, 8)(tokens)
    x = layers.Conv1D(8, 3, padding="same")(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dense(8, activation="relu")(x)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    x = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(x)
    x = layers.GRU(4)(x)
    return with_random_weights(keras.Model(tokens, layers.Dense(2)(x), name="sequence"))


def grouped_and_transposed() -> keras.Model:
    """Convolutions that TF.js has no operation for, or another one."""
    image = keras.Input((8, 8, 6), name="image")
    x = layers.Conv2D(12, 3, groups=3, activation="relu")(image)
    x = layers.Conv2D(24, 3, groups=12)(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    return with_random_weights(keras.Model(image, layers.ZeroPadding2D()(x), name="grouped"))


def masked_sequence() -> keras.Model:
    """Masks from an embedding and from values, through recurrence, attention and pooling."""
    tokens = keras.Input((6,), dtype="int32", name="tokens")
    x = layers.Embedding(20, 8, mask_zero=True)(tokens)
    x = layers.LSTM(5, return_sequences=True, unroll=True)(x)
    x = layers.MultiHeadAttention(2, 4)(x, x)
    x = layers.GlobalAveragePooling1D()(x)
    return with_random_weights(keras.Model(tokens, layers.Dense(2)(x), name="masked_sequence"))


def masked_values() -> keras.Model:
    """`Masking` in front of a recurrent layer: the mask itself is transposed."""
    steps = keras.Input((4, 3), name="steps")
    x = layers.LSTM(6, return_sequences=True, unroll=True)(layers.Masking(0.0)(steps))
    x = layers.GlobalAveragePooling1D()(x)
    return with_random_weights(keras.Model(steps, x, name="masked_values"))


def numbers_of_integers() -> keras.Model:
    """Integers that become real numbers inside the model."""
    counts = keras.Input((500,), dtype="int32", name="counts")
    x = layers.Rescaling(1 / 5)(counts)
    return with_random_weights(keras.Model(counts, layers.Dense(3)(x), name="numbers"))


def volumes_and_signals() -> keras.Model:
    """One and three dimensions, normalisations, and the rarer poolings."""
    volume = keras.Input((6, 6, 6, 2), name="volume")
    x = layers.Conv3D(4, 3, padding="same", activation="relu")(volume)
    x = layers.MaxPooling3D(2)(x)
    x = layers.Reshape((27, 4))(layers.UnitNormalization()(x))
    x = layers.Conv1D(6, 3, dilation_rate=2, activation="gelu")(x)
    x = layers.GroupNormalization(3)(x)
    x = layers.AveragePooling1D(2)(x)
    x = layers.Cropping1D(1)(layers.ZeroPadding1D(2)(x))
    return with_random_weights(keras.Model(volume, layers.GlobalMaxPooling1D()(x), name="volumes"))
