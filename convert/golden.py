"""Golden inputs: what every runtime must reproduce, with the Keras model's outputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.convert.calibration import Calibration
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.keras_flavour import tensor_dtype
from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import batch_from_images

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class GoldenInputs:
    """Inputs whose outputs are kept in the bundle.

    Attributes:
        source: "test set", "calibration set" or "synthetic".
        stored: one array per input as the bundle stores it: uint8 images for image models.
        arrays: the same as the model takes them.
    """

    source: str
    stored: tuple[np.ndarray, ...]
    arrays: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class HeldOutImages:
    """Labelled images that training never saw; `total` counts the set they were drawn from."""

    images: np.ndarray
    labels: np.ndarray
    total: int


def golden_inputs(
    model: keras.Model,
    contract: InputContract | None,
    *,
    heldout: HeldOutImages | None,
    calibration: Calibration | None,
    count: int,
    seed: int,
) -> GoldenInputs:
    """Choose golden inputs: from the test set, else the calibration set, else synthetic ones.

    The count is rounded to whole batches for a model with a fixed batch.
    """
    batch = model.inputs[0].shape[0] or 1
    count = max(batch, count - count % batch)
    rng = np.random.default_rng(seed)
    if contract is not None:
        if heldout is not None:
            source, images = "test set", _some(heldout.images, count, rng)
        elif calibration is not None and calibration.images is not None:
            source, images = "calibration set", _some(calibration.images, count, rng)
        else:
            source, images = "synthetic", synthetic_images(contract, count, rng)
        return GoldenInputs(source, (images,), (batch_from_images(images, contract),))
    if calibration is not None and len(calibration) >= batch:
        rows = np.sort(rng.permutation(len(calibration))[:count])
        rows = rows[: len(rows) - len(rows) % batch]
        arrays = tuple(array[rows] for array in calibration.arrays)
        return GoldenInputs("calibration set", arrays, arrays)
    arrays = tuple(_synthetic_array(tensor, count, rng) for tensor in model.inputs)
    return GoldenInputs("synthetic", arrays, arrays)


def synthetic_images(contract: InputContract, count: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth random gradients with a little noise: never constant, of every brightness."""
    height, width, channels = contract.image_shape
    rows = np.linspace(0, np.pi, height)[None, :, None, None]
    columns = np.linspace(0, np.pi, width)[None, None, :, None]
    frequency = rng.uniform(0.5, 4, (2, count, 1, 1, channels))
    phase = rng.uniform(0, 2 * np.pi, (2, count, 1, 1, channels))
    waves = np.sin(frequency[0] * rows + phase[0]) + np.sin(frequency[1] * columns + phase[1])
    noise = rng.normal(0, 8, (count, height, width, channels))
    return np.clip(128 + 60 * waves + noise, 0, 255).astype(np.uint8)


def heldout_from_run(run: Path, contract: InputContract, labels: int) -> HeldOutImages:
    """The labelled test images that training put aside in `test.npz`.

    Raises:
        ConvertError: unreadable, or its arrays do not fit the contract and the labels.
    """
    path = run / "test.npz"
    try:
        with np.load(path, allow_pickle=False) as archive:
            images, classes, total = archive["images"], archive["labels"], int(archive["total"])
    except (OSError, ValueError, KeyError, EOFError, TypeError) as error:
        raise ConvertError(
            f"expected images, labels and total in {path}, got: {error}; train the run again"
        ) from error
    fits = images.dtype == np.uint8 and images.shape[1:] == contract.image_shape
    if not fits or len(images) == 0 or classes.shape != (len(images),):
        raise ConvertError(
            f"expected uint8 images of {contract.image_shape} with one label each in {path}, "
            f"got {images.dtype} of {images.shape} and labels of {classes.shape}"
        )
    if classes.min() < 0 or classes.max() >= labels:
        raise ConvertError(
            f"expected labels 0 to {labels - 1} in {path}, got {classes.min()} to {classes.max()}"
        )
    return HeldOutImages(images, classes.astype(np.int64), total)


def _some(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    return images[np.sort(rng.permutation(len(images))[:count])]


def _synthetic_array(tensor: keras.KerasTensor, count: int, rng: np.random.Generator) -> np.ndarray:
    shape = (count, *tensor.shape[1:])
    if None in shape:
        raise ConvertError(
            f"expected fixed sizes, got the input {tensor.name} of {tuple(tensor.shape)}; "
            "choose them with --length N, or give --calibration FILE.npz"
        )
    if np.issubdtype(tensor_dtype(tensor), np.floating):
        return rng.normal(0, 1, shape).astype(tensor_dtype(tensor))
    # indices of an embedding or categories: 0 and 1 exist in any of them
    return rng.integers(0, 2, shape).astype(tensor_dtype(tensor))
