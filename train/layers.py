"""The building blocks of every recipe's model, chosen for what runs on the edge.

Only layers that quantise well, run on XNNPACK and exist in TensorFlow.js: convolution, depthwise
convolution, batch normalisation (folded away by conversion), ReLU6 (a bounded range is what int8
wants), sums, global average pooling, dense, softmax. Normalisation of the pixels is the first
layer, so no runtime can forget it; the logits are a layer of their own, so runtimes can be compared
there.
"""

import keras

from edgeproof.edge.contract import InputContract

# Keras' default of 0.99 needs thousands of steps to forget the start; a short training has hundreds
_BATCH_NORM_MOMENTUM = 0.9


def pixels(contract: InputContract) -> keras.KerasTensor:
    """The model's input: float32 0..255, N x height x width x channels."""
    return keras.Input(contract.image_shape, dtype="float32", name="image")


def from_zero(x: keras.KerasTensor) -> keras.KerasTensor:
    """Pixels to 0..1: for ink on black, so that zero padding continues the background."""
    return keras.layers.Rescaling(1 / 255, name="rescale")(x)


def around_zero(x: keras.KerasTensor) -> keras.KerasTensor:
    """Pixels to -1..1: for photographs, so that zero padding is a middle grey."""
    return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(x)


def conv(
    x: keras.KerasTensor, filters: int, *, kernel: int = 3, stride: int = 1
) -> keras.KerasTensor:
    """Convolution, batch normalisation, ReLU6."""
    x = keras.layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,  # batch normalisation brings one
        kernel_initializer="he_normal",
    )(x)
    return _normalised(x)


def separable(x: keras.KerasTensor, filters: int, *, stride: int = 1) -> keras.KerasTensor:
    """Depthwise then pointwise convolution: about a ninth of the multiplications of `conv`."""
    x = keras.layers.DepthwiseConv2D(
        3,
        strides=stride,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
    )(x)
    return conv(_normalised(x), filters, kernel=1)


def residual_separable(x: keras.KerasTensor) -> keras.KerasTensor:
    """x + two separable convolutions of it: depth that keeps the gradient.

    Without ReLU6 before the sum, or x could only grow; after it, or int8's range would grow with
    every block.
    """
    y = separable(x, x.shape[-1])
    y = keras.layers.DepthwiseConv2D(
        3, padding="same", use_bias=False, depthwise_initializer="he_normal"
    )(y)
    y = _normalised(y)
    y = keras.layers.Conv2D(x.shape[-1], 1, use_bias=False, kernel_initializer="he_normal")(y)
    y = keras.layers.BatchNormalization(momentum=_BATCH_NORM_MOMENTUM)(y)
    return keras.layers.ReLU(max_value=6.0)(keras.layers.Add()([x, y]))


def classifier(
    image: keras.KerasTensor, features: keras.KerasTensor, labels: int, *, dropout: float, name: str
) -> keras.Model:
    """The end of a model: average over the picture, logits, softmax."""
    x = keras.layers.GlobalAveragePooling2D(name="average")(features)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    # float32 under every policy: eight bits are too few for what a softmax takes to the power of e
    x = keras.layers.Dense(labels, name="logits", dtype="float32")(x)
    return keras.Model(image, keras.layers.Softmax(name="scores", dtype="float32")(x), name=name)


def _normalised(x: keras.KerasTensor) -> keras.KerasTensor:
    x = keras.layers.BatchNormalization(momentum=_BATCH_NORM_MOMENTUM)(x)
    return keras.layers.ReLU(max_value=6.0)(x)
