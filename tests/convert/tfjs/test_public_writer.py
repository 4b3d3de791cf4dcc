"""Our writer and the public one on the same models and inputs, in the same engines."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import freeze
from edgeproof.convert.tfjs.graph_model import graph_model_files
from edgeproof.convert.tfjs.public_writer import public_writer_files
from edgeproof.convert.variants import BY_ID

from . import models
from .engines import Engine, Files, worst_error

Cli = Callable[..., CompletedProcess[str]]
REFERENCE = os.environ.get("EDGEPROOF_REFERENCE", "")
against_reference = pytest.mark.skipif(
    not REFERENCE, reason="the public converter has its own environment: make test-reference"
)
# float32 of another order of sums: an error below this is no difference between writers
NOISE = 1e-6


def plain_cnn() -> keras.Model:
    """A model that the public converter's file runs with, on every backend."""
    stack = [keras.Input((16, 16, 3)), layers.Conv2D(16, 3, use_bias=False)]
    stack += [layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D()]
    stack += [layers.DepthwiseConv2D(3, use_bias=False), layers.BatchNormalization()]
    stack += [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(5, "softmax")]
    return models.with_random_weights(keras.Sequential(stack))


def size(files: Files) -> int:
    return sum(len(content) for content in files.values())


@pytest.mark.reference
@against_reference
@pytest.mark.parametrize("precision", ["float32", "float16", "uint8"])
@pytest.mark.parametrize("make", [plain_cnn, models.many_inputs_and_outputs])
def test_ours_is_as_close_and_as_small(
    make: Callable[[], keras.Model], precision: str, run_tfjs: Engine
) -> None:
    model = make()
    frozen = freeze(model)
    ours = graph_model_files(frozen, precision)  # type: ignore[arg-type]
    theirs = public_writer_files(model, frozen, BY_ID[f"tfjs-{precision}"], python=REFERENCE)
    inputs = models.random_inputs(model, batch=8)
    expected = models.keras_outputs(model, inputs)

    assert size(ours) <= size(theirs)
    compared = 0
    for backend in ("cpu", "wasm"):
        our_error = worst_error(run_tfjs(ours, inputs, backend), expected)
        try:
            their_outputs = run_tfjs(theirs, inputs, backend)
        except AssertionError as error:
            # Keras 3's biases: what our writer exists for
            assert "only supports rank-1 bias" in str(error)  # noqa: PT017
            continue
        compared += 1
        assert our_error <= max(worst_error(their_outputs, expected), NOISE)
    assert compared > 0


@pytest.mark.reference
@against_reference
def test_a_model_that_it_cannot_convert_is_said() -> None:
    model = models.image_classifier()  # augmentation, which our own writer leaves out
    message = "tensorflowjs cannot convert this model: .*Identity is not in graph"
    with pytest.raises(ConvertError, match=message):
        public_writer_files(model, freeze(model), BY_ID["tfjs-float32"], python=REFERENCE)


def test_without_tensorflowjs_the_error_says_what_to_install(
    cli: Cli, tiny_keras: Path, tmp_path: Path
) -> None:
    done = cli("convert", tiny_keras, "-o", tmp_path / "b", "--writer", "tensorflowjs")

    assert (done.returncode, done.stdout) == (1, "")
    assert "needs tensorflowjs; pip install 'edgeproof[reference]'" in done.stderr
    assert not (tmp_path / "b").exists()


def test_an_environment_that_lacks_it_is_an_error(tmp_path: Path) -> None:
    model = plain_cnn()
    assert np.isfinite(models.keras_outputs(model, models.random_inputs(model))[0]).all()
    with pytest.raises(ConvertError, match="No module named 'tensorflowjs'"):
        public_writer_files(model, freeze(model), BY_ID["tfjs-uint8"])
