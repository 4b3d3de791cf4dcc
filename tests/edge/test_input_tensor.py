"""Tables and shortcuts that feed a model, against the plain arithmetic, bit for bit."""

import itertools

import numpy as np
import pytest

from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import batch_from_images
from edgeproof.edge.input_tensor import tensor_from_image
from edgeproof.edge.manifest import TensorSpec
from edgeproof.edge.quantisation import dequantise, dequantiser, quantise

GRAY = (16, 16, 1)
RGB = (16, 16, 3)
NORMALISED = (  # scale, offset
    ((1.0,), (0.0,)),
    ((1 / 255,), (0.0,)),
    ((1 / 127.5,), (-1.0,)),
    ((-1.0,), (255.0,)),
    ((0.0171247538, 0.0175070028, 0.0174291940), (-2.1179039, -2.0357143, -1.8044444)),
    ((1.0,), (-103.939, -116.779, -123.68)),
)
QUANTISED = (  # dtype, scale, zero point
    ("float32", None, None),
    ("float16", None, None),
    ("uint8", None, None),
    ("int8", 1.0, -128),
    ("uint8", 1.0, 0),
    ("int8", 2 / 255, -1),
    ("int8", 0.9490196108818054, -128),
    ("int8", 0.018658160790801048, -14),
    ("uint8", 0.00392156862745098, 0),
    ("int16", 0.007782219909131527, 0),
    ("int16", 3.0517578125e-05, 0),
)
CASES = [
    (shape, scale, offset, *quantised)
    for shape, (scale, offset), quantised in itertools.product((GRAY, RGB), NORMALISED, QUANTISED)
    if len(scale) in (1, shape[2])
    and len(offset) in (1, shape[2])
    # pixels as they are: whatever else would be negative or of no whole numbers
    and (quantised != ("uint8", None, None) or (scale, offset) == NORMALISED[0])
]


def every_pixel_value(shape: tuple[int, ...]) -> np.ndarray:
    """Each of the 256 values in each channel, no two channels alike."""
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    return np.concatenate([np.roll(pixels, 37 * c) for c in range(shape[2])], axis=2)


@pytest.mark.parametrize(("shape", "scale", "offset", "dtype", "step", "zero_point"), CASES)
def test_every_pixel_value_equals_the_plain_arithmetic(
    shape: tuple[int, int, int],
    scale: tuple[float, ...],
    offset: tuple[float, ...],
    dtype: str,
    step: float | None,
    zero_point: int | None,
) -> None:
    color = "gray" if shape[2] == 1 else "rgb"
    contract = InputContract(shape[0], shape[1], color, scale=scale, offset=offset)
    spec = TensorSpec("x", dtype, (1, *shape), step, zero_point)
    image = every_pixel_value(shape)
    wanted = quantise(batch_from_images(image[np.newaxis], contract), spec)
    feed = tensor_from_image(contract, spec)
    for seen in (image, np.asfortranarray(image), image[::-1][::-1]):
        tensor = feed(seen)
        assert (tensor.dtype, tensor.shape) == (wanted.dtype, wanted.shape)
        assert tensor.tobytes() == wanted.tobytes()
    np.testing.assert_array_equal(image, every_pixel_value(shape))  # not changed in place


def test_a_fixed_batch_is_filled_with_the_image() -> None:
    contract = InputContract(2, 2, "gray")
    spec = TensorSpec("x", "int8", (4, 2, 2, 1), 1.0, -128)
    image = np.array([0, 1, 254, 255], np.uint8).reshape(2, 2, 1)
    tensor = tensor_from_image(contract, spec)(image)
    assert tensor.shape == (4, 2, 2, 1)
    assert [row.ravel().tolist() for row in tensor] == [[-128, -127, 126, 127]] * 4


@pytest.mark.parametrize(
    ("dtype", "step", "zero_point"),
    [("int8", 0.00390625, -128), ("uint8", 0.1, 3), ("int16", 3e-5, 0), ("float32", None, None)],
)
def test_reading_through_a_table_equals_the_arithmetic(
    dtype: str, step: float | None, zero_point: int | None
) -> None:
    spec = TensorSpec("x", dtype, (1, 256), step, zero_point)
    values = np.arange(256).astype(np.uint8).view(dtype if np.dtype(dtype).itemsize == 1 else "u1")
    raw = values.astype(dtype).reshape(1, 256)
    got = dequantiser(spec)(raw)
    assert got.dtype == np.float32
    assert got.tobytes() == dequantise(raw, spec).tobytes()
