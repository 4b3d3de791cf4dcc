"""Training that begins with the weights of another."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgeproof.train.errors import TrainError
from edgeproof.train.recipes import recipe_named
from edgeproof.train.start import start_from, take_weights

DIGITS = tuple(str(n) for n in range(10))


def _weights(run: Path) -> list[np.ndarray]:
    import keras

    model = keras.models.load_model(run / "model.keras", compile=False)
    return [np.asarray(w) for w in model.get_weights()]


def test_the_weights_are_those_of_the_run(digits_run: Path) -> None:
    start = start_from(digits_run, "digits", DIGITS)
    assert start.record.recipe == "digits"
    assert start.record.model_sha256 == hashlib.sha256(start.model.read_bytes()).hexdigest()
    recipe = recipe_named("digits")
    model = recipe.model(recipe.contract, 10)
    before = [np.asarray(w) for w in model.get_weights()]
    take_weights(model, start)
    theirs = _weights(digits_run)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), theirs, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(before, theirs, strict=True))


def test_training_from_a_run(digits_run: Path, tmp_path: Path) -> None:
    from edgeproof.edge.main import main

    run = tmp_path / "fine"
    options = ["--from", str(digits_run), "--epochs", "1", "--limit", "60"]
    # with steps of next to nothing, the weights stay those of the run
    code = main(["train", "digits", "-o", str(run), *options, "--learning-rate", "1e-12"])
    assert code == 0
    config = json.loads((run / "config.json").read_text())
    assert config["start"]["recipe"] == "digits"
    kernel = 0  # the first convolution's: batch normalisation's statistics move all the same
    near, random = _weights(run)[kernel], _weights(digits_run)[kernel]
    np.testing.assert_allclose(near, random, atol=1e-6)


def test_other_labels_are_refused(digits_run: Path) -> None:
    with pytest.raises(TrainError, match="expected a run with the labels cat, dog, got 0, 1"):
        start_from(digits_run, "digits", ("cat", "dog"))


def test_another_recipe_is_refused(digits_run: Path) -> None:
    with pytest.raises(TrainError, match="expected a run of the recipe mnist, got one of digits"):
        start_from(digits_run, "mnist", DIGITS)


def test_another_architecture_is_refused(digits_run: Path) -> None:
    start = start_from(digits_run, "digits", DIGITS)
    recipe = recipe_named("mnist")
    with pytest.raises(TrainError, match="expected weights of this recipe's model"):
        take_weights(recipe.model(recipe.contract, 10), start)


@pytest.mark.parametrize("missing", ["model.keras", "config.json", None])
def test_what_is_no_run_is_refused(digits_run: Path, tmp_path: Path, missing: str | None) -> None:
    run = tmp_path / "run"
    if missing is not None:
        shutil.copytree(digits_run, run)
        (run / missing).unlink()
    with pytest.raises(TrainError, match=r"expected a run with config\.json and model\.keras"):
        start_from(run, "digits", DIGITS)
