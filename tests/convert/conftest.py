"""A tiny model with everything that conversion has to get right, its data, and a bundle of it."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from edgeproof.convert.api import convert_model

SIZE = (12, 10, 3)
CLASSES = 5


@pytest.fixture(scope="session")
def tiny_model() -> keras.Model:
    """Convolutions, batch-norm with statistics that matter, a dense layer of 4,800 weights.

    Untrained, but its outputs differ clearly from image to image (tested in test_golden).
    """
    keras.utils.set_random_seed(7)
    inputs = keras.Input(SIZE, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = layers.Conv2D(8, 3, use_bias=False, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(20, activation="relu")(x)
    outputs = layers.Dense(CLASSES, activation="softmax", name="scores")(x)
    model = keras.Model(inputs, outputs, name="tiny")
    rng = np.random.default_rng(7)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            n = layer.gamma.shape[0]
            gamma, beta = rng.uniform(0.7, 1.5, n), rng.normal(0.2, 0.3, n)
            mean, variance = rng.normal(0, 0.3, n), rng.uniform(0.2, 1.5, n)
            layer.set_weights([gamma, beta, mean, variance])
    # decided and of every class, as trained models are: logits of mean 0 and deviation 2
    head = model.layers[-1]
    features = keras.Model(inputs, head.input)(pictures(200, seed=9).astype("float32"))
    logits = np.asarray(features) @ head.get_weights()[0]
    kernel = head.get_weights()[0] * (2 / logits.std(axis=0))
    head.set_weights([kernel, -(np.asarray(features) @ kernel).mean(axis=0)])
    return model


def pictures(count: int, seed: int) -> np.ndarray:
    """Smooth random uint8 images of the tiny model's size."""
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(count):
        coarse = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        images.append(np.asarray(Image.fromarray(coarse).resize((SIZE[1], SIZE[0]))))
    return np.stack(images)


@pytest.fixture(scope="session")
def tiny_keras(tiny_model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / "tiny.keras"
    tiny_model.save(path)
    return path


@pytest.fixture(scope="session")
def tiny_run(tiny_model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder as training writes it."""
    run = tmp_path_factory.mktemp("run")
    tiny_model.save(run / "model.keras")
    contract = {"height": SIZE[0], "width": SIZE[1], "color": "rgb"}
    labels = ["red", "green", "blue", "grey", "none"]
    deployment = {"name": "tiny", "labels": labels, "input": contract, "scores": "softmax"}
    config = {"schema_version": 1, "recipe": "tiny", "seed": 3, "deployment": deployment}
    (run / "config.json").write_text(json.dumps(config))
    np.savez(run / "calibration.npz", images=pictures(200, seed=1))
    classes = np.arange(60) % CLASSES
    np.savez(run / "test.npz", images=pictures(60, seed=2), labels=classes, total=600)
    (run / "examples").mkdir()
    for index, pixels in enumerate(pictures(3, seed=4)):
        Image.fromarray(pixels).save(run / "examples" / f"red-{index}.png")
    return run


@pytest.fixture(scope="session")
def tiny_bundle(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every variant of the tiny run. Shared: never change it."""
    bundle = tmp_path_factory.mktemp("bundle") / "tiny"
    convert_model(tiny_run, bundle)
    return bundle
