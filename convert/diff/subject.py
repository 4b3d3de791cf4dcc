"""The Keras model and the inputs that a bundle's variants are compared on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.convert.diff.errors import DiffError
from edgeproof.convert.keras_model import keras_model, with_image_size, with_lengths
from edgeproof.convert.verify.golden import read_golden
from edgeproof.convert.verify.source import recorded_source, with_source
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.image import batch_from_images

if TYPE_CHECKING:
    import keras


def source_model(bundle: Bundle, source: Path | None) -> keras.Model:
    """The model that the bundle was made from, of the sizes that it was converted with.

    Args:
        source: where it lies now; by default where the manifest says.

    Raises:
        DiffError: it is not there, or it changed.
        ConvertError: Keras cannot load it.
    """
    placed = bundle if source is None else with_source(bundle, source.absolute())
    found = recorded_source(placed)
    if found.model is None:
        raise DiffError(
            f"expected the Keras model of {bundle.folder} to compare with: {found.reason}"
        )
    model = keras_model(found.model, signature=bundle.manifest.provenance.signature)
    return sized(model, bundle)


def golden_arrays(bundle: Bundle, model: keras.Model, count: int | None) -> list[np.ndarray]:
    """The first `count` golden inputs (all by default) as the model takes them, in whole batches.

    Raises:
        BundleError: a file is missing or altered.
    """
    stored = read_golden(bundle).inputs
    contract = bundle.manifest.input
    arrays = stored if contract is None else (batch_from_images(stored[0], contract),)
    batch = model.inputs[0].shape[0] or 1
    wanted = min(count or len(arrays[0]), len(arrays[0]))
    return [array[: max(batch, wanted - wanted % batch)] for array in arrays]


def sized(model: keras.Model, bundle: Bundle) -> keras.Model:
    """Free axes as `convert --size` and `--length` fixed them; what it left free stays free."""
    contract = bundle.manifest.input
    free = [
        (position, axis)
        for position, tensor in enumerate(model.inputs)
        for axis, size in enumerate(tensor.shape)
        if axis and size is None
    ]
    if free and contract is not None:
        return with_image_size(model, (contract.height, contract.width))
    specs = bundle.manifest.model_inputs
    sizes = [specs[position].shape[axis] for position, axis in free]
    known = [size for size in sizes if size is not None]
    return with_lengths(model, known) if known and len(known) == len(sizes) else model
