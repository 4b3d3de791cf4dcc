"""TF.js layers models: a Keras 3 model in, `model.json` and weight shards out."""

from __future__ import annotations

import importlib.metadata
import json
from typing import TYPE_CHECKING

from edgeproof.convert.keras_flavour import is_legacy
from edgeproof.convert.tfjs.keras_config import layers_topology
from edgeproof.convert.tfjs.layer_refusal import UnsupportedLayer
from edgeproof.convert.tfjs.weights import weights_manifest

if TYPE_CHECKING:
    import keras

__all__ = ["UnsupportedLayer", "layers_model_files"]


def layers_model_files(model: keras.Model) -> dict[str, bytes]:
    """The files of a TF.js layers model, by name, with float32 weights.

    Dropout and noise stay, for further training in the browser; augmentation, which TF.js lacks
    and which does nothing at inference, is left out.

    Args:
        model: a built Sequential or Functional model, models within it included.

    Raises:
        UnsupportedLayer: TF.js lacks a layer or computes it differently; names it and says why.
    """
    topology = layers_topology(model)
    manifest, shards = weights_manifest(topology.weights, "float32")
    package = "tf-keras" if is_legacy(model) else "keras"
    keras_version = importlib.metadata.version(package)
    document = {
        "format": "layers-model",
        "generatedBy": f"keras v{keras_version}",
        "convertedBy": f"edgeproof {importlib.metadata.version('edgeproof')}",
        "modelTopology": {
            "keras_version": keras_version,
            "backend": "tensorflow",
            "model_config": topology.config,
        },
        "weightsManifest": manifest,
    }
    return {"model.json": json.dumps(document, separators=(",", ":")).encode(), **shards}
