"""A TensorFlow SavedModel as a `keras.Model` of one layer."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.loading import sentence

if TYPE_CHECKING:
    import keras

_USUAL = "serving_default"


def model_from_saved_model(path: Path, signature: str | None = None) -> keras.Model:
    """The model of one signature.

    Args:
        signature: its name; by default `serving_default`, or the only one that there is.

    Raises:
        ConvertError: not a SavedModel that can be read, or no such signature.
    """
    import keras
    import tensorflow as tf

    try:
        signatures = tf.saved_model.load(str(path)).signatures
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
        raise ConvertError(f"{path} cannot be read as a SavedModel: {sentence(error)}") from error
    chosen = _chosen(path, list(signatures), signature)
    specs = signatures[chosen].structured_input_signature[1]
    inputs = {
        name: keras.Input(batch_shape=tuple(spec.shape), dtype=spec.dtype.name, name=name)
        for name, spec in specs.items()
    }

    class SignatureLayer(keras.layers.TFSMLayer):
        # TFSMLayer passes its inputs by position; a signature of several inputs takes names only
        def call(self, inputs: dict[str, Any], training: bool = False) -> dict[str, Any]:
            return self.call_endpoint_fn(**inputs)

    outputs = SignatureLayer(str(path), call_endpoint=chosen, name="saved_model")(inputs)
    tensors = [outputs[name] for name in sorted(outputs)]
    return keras.Model(_bare(list(inputs.values())), _bare(tensors))


def _chosen(path: Path, names: Collection[str], asked: str | None) -> str:
    if not names:
        raise ConvertError(
            f"expected a SavedModel with a signature, got none in {path}; save it again with "
            "model.export(FOLDER) or tf.saved_model.save(module, FOLDER, signatures=...)"
        )
    listed = ", ".join(sorted(names))
    if asked is not None:
        if asked not in names:
            raise ConvertError(
                f"expected a signature of {path} for --signature, got {asked!r}; it has: {listed}"
            )
        return asked
    if _USUAL in names:
        return _USUAL
    if len(names) > 1:
        raise ConvertError(
            f"expected the signature {_USUAL} or a single one in {path}, got {listed}; "
            "choose one with --signature NAME"
        )
    return next(iter(names))


def _bare(tensors: list[Any]) -> Any:
    """A single tensor without its list, as models of one input or output have it."""
    return tensors[0] if len(tensors) == 1 else tensors
