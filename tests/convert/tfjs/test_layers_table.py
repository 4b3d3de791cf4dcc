"""Every layer class of Keras and of TF.js has its line: written, left out, or refused and why."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest

from edgeproof.convert.tfjs.layer_limits import LACKING, REASONS, TRAINING_ONLY
from edgeproof.convert.tfjs.layer_rules import CELLS, RULES
from edgeproof.convert.tfjs.layer_stand_ins import REPLACED
from edgeproof.convert.tfjs.layer_writer import MODELS, WRAPPERS

from .engines import node_binary

# not layers of a model, but what layers are made of
_BASES = {"Layer", "Wrapper", "InputLayer", "StackedRNNCells"}
_OF_KERAS_2 = {"RandomHeight", "RandomWidth", "ThresholdedReLU"}
WRITTEN = {*RULES, *REPLACED, *WRAPPERS, *CELLS}
REFUSED = {*LACKING, *REASONS}


def _keras_layers() -> set[str]:
    found = (getattr(keras.layers, name) for name in dir(keras.layers))
    classes = (c for c in found if isinstance(c, type) and issubclass(c, keras.layers.Layer))
    return {c.__name__ for c in classes}


def test_every_keras_layer_is_written_or_refused_with_a_reason() -> None:
    assert _keras_layers() - _BASES == (WRITTEN | REFUSED | TRAINING_ONLY) - _OF_KERAS_2
    assert not TRAINING_ONLY & (WRITTEN | REFUSED)
    assert not LACKING & set(REASONS)
    # those of which one form can be written and another cannot
    assert {"CenterCrop", "GlobalAveragePooling3D", "GlobalMaxPooling3D"} == WRITTEN & REFUSED


@pytest.fixture(scope="module")
def tfjs_layers(web_folder: Path) -> set[str]:
    script = Path(__file__).with_name("list_layers.mjs")
    command = [node_binary(), str(script), str(web_folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


def test_tfjs_has_what_is_written_and_nothing_else(tfjs_layers: set[str]) -> None:
    assert {*RULES, *WRAPPERS, *CELLS} <= tfjs_layers
    assert not LACKING & tfjs_layers
    internal = {"ConvLSTM2DCell", "Functional", "InputLayer", "LayersModel", "Model", "Sequential"}
    assert tfjs_layers - internal - {*RULES, *WRAPPERS, *CELLS, "StackedRNNCells"} == {
        # refused, though TF.js has a layer of this name
        *("CategoryEncoding", "CenterCrop", "Conv3DTranspose", "Resizing"),
        # does nothing at inference
        "RandomWidth",
    }


_ARGUMENTS = {
    **dict.fromkeys(("RandomContrast", "RandomHue", "RandomRotation", "RandomSaturation"), (0.5,)),
    **dict.fromkeys(("RandomBrightness", "RandomShear", "RandomZoom"), (0.5,)),
    **dict.fromkeys(("RandomSharpness", "RandomColorDegeneration"), (0.5,)),
    **dict.fromkeys(("SpatialDropout2D", "SpatialDropout3D"), (0.5,)),
    "RandomPosterization": (3,),
    "RandomTranslation": (0.5, 0.5),
}


@pytest.mark.parametrize("kind", sorted(TRAINING_ONLY - _OF_KERAS_2))
def test_what_is_left_out_does_nothing_at_inference(kind: str) -> None:
    shape = (2, 4, 4, 4, 3) if kind == "SpatialDropout3D" else (2, 6, 6, 3)
    given = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    layer = getattr(keras.layers, kind)(*_ARGUMENTS.get(kind, ()))

    np.testing.assert_array_equal(layer(given, training=False), given)


def test_models_are_no_layers_of_the_table() -> None:
    assert not {*MODELS} & (WRITTEN | REFUSED)
