"""A stored model as a `keras.Model`. Stored code is run only where the user says so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import input_structure
from edgeproof.convert.keras_flavour import keras_of, tensor_dtype, weight_path
from edgeproof.convert.loading import Note, custom_objects, load, sentence
from edgeproof.convert.source import ModelSource

if TYPE_CHECKING:
    import keras

_SIGNATURE = "serving_default"


def keras_model(
    source: ModelSource,
    *,
    trust_lambda: bool = False,
    custom: Sequence[str] = (),
    note: Note = lambda text: None,
) -> keras.Model:
    """Load the model for inference: no optimizer, no loss, no code but what the user names.

    A file that Keras 3 cannot read comes as a model of tf-keras, where that is installed, with a
    note that says so.

    Args:
        trust_lambda: run the Python code of Lambda layers.
        custom: the user's own classes, as `module:Class`.

    Raises:
        ConvertError: custom layers, a format that Keras cannot read, NaN weights, or sizes of zero.
    """
    if source.kind == "saved-model":
        return _model_from_saved_model(source.path)
    model = load(source, custom_objects(custom), note, trust_lambda=trust_lambda)
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


def _model_from_saved_model(path: Path) -> keras.Model:
    import keras
    import tensorflow as tf

    try:
        signatures = tf.saved_model.load(str(path)).signatures
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
        raise ConvertError(f"{path} cannot be read as a SavedModel: {sentence(error)}") from error
    if _SIGNATURE not in signatures:
        raise ConvertError(
            f"expected the signature {_SIGNATURE} in {path}, "
            f"got {', '.join(signatures) or 'no signature'}"
        )
    specs = signatures[_SIGNATURE].structured_input_signature[1]
    inputs = {
        name: keras.Input(batch_shape=tuple(spec.shape), dtype=spec.dtype.name, name=name)
        for name, spec in specs.items()
    }

    class SignatureLayer(keras.layers.TFSMLayer):
        # TFSMLayer passes its inputs by position; a signature of several inputs takes names only
        def call(self, inputs: dict[str, Any], training: bool = False) -> dict[str, Any]:
            return self.call_endpoint_fn(**inputs)

    outputs = SignatureLayer(str(path), call_endpoint=_SIGNATURE, name="saved_model")(inputs)
    tensors = [outputs[name] for name in sorted(outputs)]
    return keras.Model(_bare(list(inputs.values())), _bare(tensors))


def _bare(tensors: list[Any]) -> Any:
    """A single tensor without its list, as models of one input or output have it."""
    return tensors[0] if len(tensors) == 1 else tensors


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
