"""How large a model will be as int8, known before it is trained."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

# of a convolution's channel: bias (4), scales of the weights and of the bias (4 + 4), their zero
# points (8 + 8) and places in tables; found by converting these models with more and fewer channels
_BYTES_A_CHANNEL = 34


def int8_bytes(model: "keras.Model") -> int:
    """About the size of `tflite-int8`: a byte for each weight, 34 for each channel of a layer.

    Without the file's own structure, a few KB. Batch normalisation is folded away.
    """
    weighted = [layer for layer in model.layers if hasattr(layer, "kernel")]
    weights = sum(math.prod(layer.kernel.shape) for layer in weighted)
    channels = sum(layer.output.shape[-1] for layer in weighted)
    return int(weights + _BYTES_A_CHANNEL * channels)
