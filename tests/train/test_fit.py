"""What watches a training."""

import dataclasses

import numpy as np
import pytest

from edgeproof.train.errors import TrainError
from edgeproof.train.fit import fit
from edgeproof.train.parts import CalibrationSet, TestSet, TrainSet, ValidationSet
from edgeproof.train.recipe import Augmentation, Recipe
from edgeproof.train.recipes import RECIPES, recipe_named


def _part(kind: type, count: int, seed: int = 0) -> object:
    labels = np.arange(count) % 10
    images = np.random.default_rng(seed).integers(0, 50, (count, 8, 8, 1))
    images[np.arange(count), labels % 8, :, 0] += 200
    return kind(images.astype(np.uint8), labels, np.arange(count))


def _digits(**schedule: float) -> Recipe:
    recipe = recipe_named("digits")
    return dataclasses.replace(
        recipe,
        schedule=dataclasses.replace(recipe.schedule, **schedule),  # type: ignore[arg-type]
        augmentation=Augmentation(),
    )


def test_a_loss_that_is_no_number_stops_with_epoch_and_step() -> None:
    recipe = _digits(epochs=3, batch_size=16, learning_rate=float("inf"), warmup_epochs=0)
    train, validation = _part(TrainSet, 64), _part(ValidationSet, 20)
    with pytest.raises(TrainError, match=r"expected a finite loss, got nan at epoch 1, step 2"):
        fit(recipe, 10, train, validation, seed=0)  # type: ignore[arg-type]


def test_the_weights_of_the_best_epoch_are_kept() -> None:
    # a learning rate that is far too high: the epochs differ, and the last is rarely the best
    recipe = _digits(epochs=6, batch_size=32, learning_rate=0.3)
    train, validation = _part(TrainSet, 128), _part(ValidationSet, 40, seed=1)
    fitted = fit(recipe, 10, train, validation, seed=3)  # type: ignore[arg-type]
    losses = [figures.validation_loss for figures in fitted.history]
    assert len(losses) == 6
    assert fitted.best_epoch == 1 + int(np.argmin(losses))
    import keras

    logits = keras.Model(fitted.model.input, fitted.model.get_layer("logits").output)
    values = logits.predict(validation.images.astype(np.float32), verbose=0)  # type: ignore[attr-defined]
    of_truth = values[np.arange(40), validation.labels]  # type: ignore[attr-defined]
    kept = (np.log(np.exp(values).sum(axis=1)) - of_truth).mean()
    assert kept == pytest.approx(min(losses), rel=1e-3)


@pytest.mark.parametrize("kind", [TrainSet, CalibrationSet, ValidationSet, TestSet])
def test_a_part_without_images_is_refused(kind: type) -> None:
    nothing = np.zeros(0, dtype=np.int64)
    with pytest.raises(ValueError, match="at least one"):
        kind(np.zeros((0, 8, 8, 1), dtype=np.uint8), nothing, nothing)


@pytest.mark.parametrize("name", RECIPES)
def test_models_hold_only_layers_that_the_edge_runs(name: str) -> None:
    recipe = recipe_named(name)
    model = recipe.model(recipe.contract, 10)
    assert {type(layer).__name__ for layer in model.layers} <= {
        "InputLayer",
        "Rescaling",
        "Conv2D",
        "DepthwiseConv2D",
        "BatchNormalization",
        "ReLU",
        "Add",
        "GlobalAveragePooling2D",
        "Dropout",
        "Dense",
        "Softmax",
    }
    assert model.input_shape == (None, *recipe.contract.image_shape)
    assert model.input.dtype == "float32"
    assert model.output_shape == (None, 10)


@pytest.mark.parametrize("size", [8, 17, 64, 200])
def test_folder_models_of_any_size(size: int) -> None:
    from edgeproof.train.recipes.folder import recipe_for

    recipe = recipe_for(size, "gray", None)
    model = recipe.model(recipe.contract, 3)
    assert model.input_shape == (None, size, size, 1)
    assert model.count_params() < 500_000


@pytest.mark.parametrize(
    ("name", "labels", "most_bytes"),
    [
        ("mnist", 10, 100_000),
        ("cifar10", 10, 98_496),  # MLPerf Tiny IC01
        ("cifar10-large", 10, 512_024),  # MLPerf Tiny IC02
        ("malaria", 2, 120_000),
    ],
)
def test_models_fit_their_size_in_int8(name: str, labels: int, most_bytes: int) -> None:
    recipe = recipe_named(name)
    kernels = [w for w in recipe.model(recipe.contract, labels).trainable_variables if w.ndim > 1]
    # a byte a weight, and for each channel a bias, two scales and two zero points with their
    # tables: 34 bytes over four converted models, and 2,000 for the rest
    channels = sum(w.shape[-1] * (w.shape[-2] if w.shape[-1] == 1 else 1) for w in kernels)
    weights = sum(int(np.prod(w.shape)) for w in kernels)
    assert 0.8 * most_bytes < weights + 34 * channels + 2000 <= most_bytes


def test_freed_buffers_are_kept_from_every_epochs_first_step_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[int] = []
    monkeypatch.setattr("edgeproof.train.watch.keep_freed_buffers", lambda: told.append(1))
    recipe = _digits(epochs=2, batch_size=16)
    fit(recipe, 10, _part(TrainSet, 64), _part(ValidationSet, 20), seed=0)  # type: ignore[arg-type]
    assert len(told) == 2
