"""A stored model as a `keras.Model`. Stored code is run only where the user says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import input_structure
from edgeproof.convert.keras_flavour import is_legacy, keras_of, tensor_dtype, weight_path
from edgeproof.convert.loading import Note, custom_objects, load
from edgeproof.convert.saved_model import model_from_saved_model
from edgeproof.convert.source import ModelSource
from edgeproof.edge.errors import UsageError

if TYPE_CHECKING:
    import keras


def keras_model(
    source: ModelSource,
    *,
    trust_lambda: bool = False,
    custom: Sequence[str] = (),
    signature: str | None = None,
    note: Note = lambda text: None,
) -> keras.Model:
    """Load the model for inference: no optimizer, no loss, no code but what the user names.

    A file that Keras 3 cannot read comes as a model of tf-keras, where that is installed, with a
    note that says so.

    Args:
        trust_lambda: run the Python code of Lambda layers.
        custom: the user's own classes, as `module:Class`.
        signature: of a SavedModel, where it has several.

    Raises:
        ConvertError: custom layers, a format that Keras cannot read, NaN weights, or sizes of zero.
    """
    if source.kind == "saved-model":
        return model_from_saved_model(source.path, signature)
    if signature is not None:
        raise UsageError(f"expected a SavedModel folder for --signature, got {source.path}")
    loaded = load(source, custom_objects(custom), note, trust_lambda=trust_lambda)
    _check_layout(loaded, source)
    model = _with_known_inputs(loaded)
    _check_weights(model, source)
    _check_tensors(model, source)
    return model


def tflite_batch(model: keras.Model, asked: int | str | None) -> int | None:
    """The batch of the model's TFLite files: as asked, else its own, else 1; None for a free one.

    Raises:
        ConvertError: another batch than the one that is built into the model.
    """
    own = model.inputs[0].shape[0]
    if asked is None:
        return int(own or 1)
    if own is not None and asked != own:
        raise ConvertError(
            f"expected the batch {own}, which is built into the model, got --batch {asked}; "
            "leave it out"
        )
    return None if asked == "dynamic" else int(asked)


def with_image_size(model: keras.Model, size: tuple[int, int]) -> keras.Model:
    """The model with its free rows and columns fixed to `size` (height, width)."""
    batch, *_, channels = model.inputs[0].shape
    return _with_shapes(model, [(batch, *size, channels)])


def with_lengths(model: keras.Model, lengths: Sequence[int]) -> keras.Model:
    """The model with its free axes fixed: to one length for all, or one for each in their order.

    Raises:
        ConvertError: another number of lengths than free axes.
    """
    free = sum(n is None for tensor in model.inputs for n in tensor.shape[1:])
    if len(lengths) not in (1, free):
        raise ConvertError(
            f"expected one --length for all or {free}, one for each free axis of "
            f"{shown_inputs(model)}, got {len(lengths)}"
        )
    given = iter(lengths if len(lengths) == free else list(lengths) * free)
    shapes = [
        (tensor.shape[0], *(next(given) if n is None else n for n in tensor.shape[1:]))
        for tensor in model.inputs
    ]
    return _with_shapes(model, shapes)


def shown_inputs(model: keras.Model) -> str:
    """`tokens (any), image (8 x 8 x 3)`: the model's inputs without their batch, for messages."""
    return ", ".join(
        f"{t.name} ({' x '.join('any' if n is None else str(n) for n in t.shape[1:])})"
        for t in model.inputs
    )


def _with_shapes(model: keras.Model, shapes: Sequence[tuple[int | None, ...]]) -> keras.Model:
    import tensorflow as tf

    package = keras_of(model)
    inputs = [
        package.Input(batch_shape=shape, dtype=tensor_dtype(t).name, name=t.name.partition(":")[0])
        for t, shape in zip(model.inputs, shapes, strict=True)
    ]
    structure = input_structure(model, model.inputs)
    outputs = model(tf.nest.pack_sequence_as(structure, inputs), training=False)
    fixed = package.Model(tf.nest.pack_sequence_as(structure, inputs), outputs, name=model.name)
    names = getattr(model, "output_names", None)
    if names and len(names) == len(fixed.outputs):
        fixed.output_names = list(names)  # not the whole model's name, once per output
    return fixed


def _with_known_inputs(model: keras.Model) -> keras.Model:
    """A subclassed model, which is only a call, as a functional one around it.

    Its inputs are as it was built for when it was saved; where that is not known, it is for
    tracing to say.
    """
    if getattr(model, "inputs", None) or is_legacy(model):
        return model
    import keras

    shapes = (model.get_build_config() or {}).get("input_shape")
    if shapes is None:
        return model
    is_shape = isinstance(shapes, (list, tuple)) and all(
        size is None or isinstance(size, int) for size in shapes
    )
    if not is_shape:
        return model
    inputs = keras.Input(batch_shape=tuple(shapes), name="input")
    return keras.Model(inputs, model(inputs, training=False), name=model.name)


def _check_layout(model: keras.Model, source: ModelSource) -> None:
    """Convolutions with channels first run on some graphics cards only, and nowhere that we go."""
    for layer in model._flatten_layers(include_self=False):
        kind = type(layer).__name__
        is_convolution = kind.startswith("Conv") and kind[4:6] in ("1D", "2D", "3D")
        if is_convolution and getattr(layer, "data_format", None) == "channels_first":
            raise ConvertError(
                f"expected convolutions with channels last, got channels first in {layer.name} of "
                f'{source.path}; build the model with data_format="channels_last", whose weights '
                "are the same, and set_weights"
            )


def _check_weights(model: keras.Model, source: ModelSource) -> None:
    import numpy as np

    for weight in model.weights:
        values = np.asarray(weight)
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            raise ConvertError(
                f"expected finite weights, got NaN or infinity in {weight_path(weight)} "
                f"of {source.path}; the training diverged: use an earlier checkpoint"
            )


def _check_tensors(model: keras.Model, source: ModelSource) -> None:
    """Refuse sizes of zero; what is not known before a call is for tracing to say."""
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    for tensor in (*(inputs or ()), *(outputs or ())):
        if 0 in tuple(tensor.shape):
            raise ConvertError(
                f"expected sizes of at least 1, got {tuple(tensor.shape)} for {tensor.name} in "
                f"{source.path}; rebuild the model with a usable shape"
            )
