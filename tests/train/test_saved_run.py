"""Reading a run again, and what is known of a model before it is trained."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.bundle import Bundle
from edgeproof.train import load_data, load_run, recipe_named, untrained_model
from edgeproof.train.byte_budget import int8_bytes
from edgeproof.train.errors import DataError
from edgeproof.train.evaluate import scored


def test_a_run_as_it_was_written(digits_run: Path) -> None:
    run = load_run(digits_run)
    assert (run.config.recipe, run.metrics.recipe) == ("digits", "digits")
    assert [h.epoch for h in run.history] == list(range(1, run.metrics.epochs + 1))
    best = run.history[run.metrics.validation.best_epoch - 1]
    assert best.validation_loss == pytest.approx(run.metrics.validation.loss)
    # the model is the one that was measured
    with np.load(digits_run / "test.npz") as test:
        right = scored(run.model(), test["images"]).argmax(axis=1) == test["labels"]
    assert len(right) == run.metrics.test.n
    assert right.mean() == pytest.approx(run.metrics.test.accuracy)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("metrics.json", None, "metrics.json"),
        ("metrics.json", "{", "Expecting property name"),
        ("config.json", "{}", "schema_version: missing"),
        ("history.csv", "epoch,loss\n1,few\n", "could not convert"),
    ],
)
def test_no_run(
    digits_run: Path, tmp_path: Path, name: str, content: str | None, words: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(digits_run, run)
    if content is None:
        (run / name).unlink()
    else:
        (run / name).write_text(content)
    with pytest.raises(DataError, match=f"expected a run in {run}, got: .*{words}"):
        load_run(run)


def test_data_as_training_takes_it(digits_run: Path) -> None:
    found = load_data(recipe_named("digits"))
    split = load_run(digits_run).config.split
    assert (len(found.parts.train), len(found.parts.test)) == (split.train, split.test)
    assert len(load_data(recipe_named("digits"), limit=100).parts.train) < 100


def test_int8_bytes_before_training(digits_bundle: Path) -> None:
    recipe = recipe_named("digits")
    estimate = int8_bytes(untrained_model(recipe, 10))
    file = Bundle.open(digits_bundle).variant("tflite-int8").entry_file.bytes
    # the rest is the file's structure: tensors, operators, metadata
    assert 0 < file - estimate < 6000, (file, estimate)
