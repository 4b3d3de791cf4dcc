"""A stored model as a `keras.Model`. Stored code is never run."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.source import ModelSource

if TYPE_CHECKING:
    import keras

_SIGNATURE = "serving_default"


def keras_model(source: ModelSource) -> keras.Model:
    """Load the model for inference: no optimizer, no loss, no custom code.

    Raises:
        ConvertError: custom layers, a format that Keras 3 cannot read, or NaN weights.
    """
    if source.kind == "saved-model":
        return _model_from_saved_model(source.path)
    import keras

    try:
        if source.kind == "hdf5":
            model = _load_hdf5(source.model)
        else:
            model = keras.models.load_model(source.model, compile=False, safe_mode=True)
    except Exception as error:
        # Keras raises whatever its layers' constructors raise for a configuration they do not
        # know (TypeError, ValueError, KeyError, AttributeError, NotImplementedError, ...)
        raise ConvertError(_why_not_loaded(source, error)) from error
    _check_weights(model, source)
    return model


def fixed_batch(model: keras.Model) -> int:
    """The batch of the model's TFLite files: its own where it has one, otherwise 1."""
    return int(model.inputs[0].shape[0] or 1)


def with_image_size(model: keras.Model, size: tuple[int, int]) -> keras.Model:
    """The model with its free rows and columns fixed to `size` (height, width)."""
    import keras

    batch, *_, channels = model.inputs[0].shape
    shape = (batch, *size, channels)
    inputs = keras.Input(batch_shape=shape, dtype=model.inputs[0].dtype, name=model.inputs[0].name)
    return keras.Model(inputs, model(inputs, training=False), name=model.name)


def _load_hdf5(path: Path) -> keras.Model:
    import keras

    if path.suffix in (".h5", ".hdf5"):
        return keras.models.load_model(path, compile=False, safe_mode=True)
    # Keras goes by the file's name
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "model.h5"
        link.symlink_to(path.absolute())
        return keras.models.load_model(link, compile=False, safe_mode=True)


def _model_from_saved_model(path: Path) -> keras.Model:
    import keras
    import tensorflow as tf

    try:
        signatures = tf.saved_model.load(str(path)).signatures
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
        raise ConvertError(f"{path} cannot be read as a SavedModel: {_sentence(error)}") from error
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
                f"expected finite weights, got NaN or infinity in {weight.path} of {source.path}; "
                "the training diverged: use an earlier checkpoint"
            )


def _why_not_loaded(source: ModelSource, error: Exception) -> str:
    unknown = re.search(r"(?:Could not locate class|Unknown layer:?) '([^']+)'", str(error))
    if unknown:
        return (
            f"{source.path}: the layer class {unknown.group(1)!r} is custom code, which is not in "
            "the file and never run; rebuild the model from built-in layers and save it again"
        )
    if source.kind == "hdf5":
        # tf_keras, where it is installed, is not used yet
        return (
            f"{source.path}: Keras 3 cannot read this HDF5 model ({_sentence(error)}); "
            "load it with the Keras that wrote it, for example tf_keras, and save it as .keras"
        )
    return f"{source.path}: Keras cannot load this model: {_sentence(error)}"


def _sentence(error: Exception) -> str:
    """Keras' own reason: it stands behind the whole configuration, which nobody wants to read."""
    reason = str(error).rpartition("Exception encountered: ")[2]
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    return lines[0][:300].rstrip(".") if lines else type(error).__name__
