"""Training that computes in bfloat16 and saves a model that computes in float32."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.train.precision import computing_in
from edgeproof.train.recipes import recipe_named


def _layers(model: Any) -> set[tuple[str, str]]:
    """What the layers with weights compute in, and what they keep."""
    return {(layer.compute_dtype, layer.variable_dtype) for layer in model.layers if layer.weights}


def test_layers_compute_in_bfloat16_but_the_logits() -> None:
    recipe = recipe_named("digits")
    with computing_in(mixed_precision=True):
        mixed = recipe.model(recipe.contract, 10)
    assert _layers(mixed) == {("bfloat16", "float32"), ("float32", "float32")}
    assert mixed.get_layer("logits").compute_dtype == "float32"
    assert mixed.get_layer("scores").compute_dtype == "float32"
    # and what is made afterwards does not
    assert _layers(recipe.model(recipe.contract, 10)) == {("float32", "float32")}


def test_every_pixel_is_exact_in_it() -> None:
    import keras

    values = np.arange(256, dtype=np.float32)
    there = keras.ops.cast(keras.ops.cast(values, "bfloat16"), "float32")
    np.testing.assert_array_equal(np.asarray(there), values)


def test_a_run_made_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from edgeproof.edge.main import main

    trained: list[Any] = []
    recipe = recipe_named("digits")

    def noting(contract: Any, labels: int) -> Any:
        trained.append(recipe.model(contract, labels))
        return trained[-1]

    chosen = dataclasses.replace(recipe, model=noting)
    monkeypatch.setattr("edgeproof.train.recipes.recipe_named", lambda name: chosen)
    run = tmp_path / "run"
    options = ["--epochs", "8", "--limit", "800", "--mixed-precision", "--json"]
    assert main(["train", "digits", "-o", str(run), *options]) == 0
    accuracy = json.loads(capsys.readouterr().out)["metrics"]["test"]["accuracy"]
    during, after = trained
    assert ("bfloat16", "float32") in _layers(during)
    saved = keras.models.load_model(run / "model.keras", compile=False)
    assert _layers(after) == _layers(saved) == {("float32", "float32")}
    for kept, best in zip(saved.get_weights(), after.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, best)
    # it has learnt: guessing finds a tenth
    assert accuracy > 0.5
    config = json.loads((run / "config.json").read_text())
    assert config["mixed_precision"] is True
    assert "--mixed-precision" in config["command"]
