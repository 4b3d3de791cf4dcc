"""A training that is cut short ends with the very weights of one that is not."""

import dataclasses
import json
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.main import main
from edgeproof.train import unfinished
from edgeproof.train.checkpoint import Checkpoint, checkpoints_in, read_checkpoint
from edgeproof.train.errors import TrainError
from edgeproof.train.fit import fit
from edgeproof.train.parts import TrainSet, ValidationSet
from edgeproof.train.recipe import Recipe
from edgeproof.train.recipes import recipe_named
from tests.conftest import EDGEPROOF

Say = pytest.CaptureFixture[str]
OPTIONS = ("--epochs", "3", "--limit", "200")


class _Recorder:
    """Keeps every checkpoint in memory, and begins with one of them."""

    def __init__(self, first: Checkpoint | None = None) -> None:
        self.first, self.kept = first, list[Checkpoint]()

    def latest(self) -> Checkpoint | None:
        return self.first

    def keep(self, checkpoint: Checkpoint) -> None:
        self.kept.append(checkpoint)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Digits with everything that has a state: dropout, average, warm-up, mixing, noise."""
    recipe = recipe_named("digits")
    return dataclasses.replace(
        recipe,
        schedule=dataclasses.replace(recipe.schedule, epochs=4, average=0.9, label_smoothing=0.1),
        augmentation=dataclasses.replace(recipe.augmentation, rotate=10, noise=9, mixup=0.2),
    )


@pytest.fixture(scope="module")
def sets() -> tuple[TrainSet, ValidationSet]:
    labels = np.arange(160) % 10
    images = np.random.default_rng(0).integers(0, 50, (160, 8, 8, 1))
    images[np.arange(160), labels % 8, :, 0] += 200
    images = images.astype(np.uint8)
    return TrainSet(images, labels, np.arange(160)), ValidationSet(
        images[:40], labels[:40], labels[:40]
    )


def _trained(
    recipe: Recipe, sets: tuple[TrainSet, ValidationSet], keeper: _Recorder
) -> tuple[list[np.ndarray], list[float]]:
    fitted = fit(recipe, 10, *sets, seed=2, keeper=keeper)
    losses = [value for h in fitted.history for value in (h.loss, h.validation_loss)]
    return fitted.model.get_weights(), losses


def test_from_every_checkpoint_to_the_same_end(
    recipe: Recipe, sets: tuple[TrainSet, ValidationSet]
) -> None:
    whole = _Recorder()
    weights, losses = _trained(recipe, sets, whole)
    assert [checkpoint.epochs for checkpoint in whole.kept] == [1, 2, 3, 4]
    for checkpoint in (whole.kept[0], whole.kept[2], whole.kept[3]):
        again, same_losses = _trained(recipe, sets, _Recorder(checkpoint))
        assert same_losses == losses
        for one, other in zip(weights, again, strict=True):
            np.testing.assert_array_equal(one, other)
    # and the control: what a checkpoint without the optimiser's state, or without the random
    # generators, would give
    for lost in ("optimizer", "generators"):
        first = whole.kept[1]
        if lost == "optimizer":
            damaged = dataclasses.replace(first, optimizer=[v * 0 for v in first.optimizer])
        else:
            model = [v + 1 if _is_generator(v) else v for v in first.model]
            assert any(_is_generator(v) for v in model)
            damaged = dataclasses.replace(first, model=model)
        assert _trained(recipe, sets, _Recorder(damaged))[1] != losses, lost


def test_a_checkpoint_of_another_architecture(
    recipe: Recipe, sets: tuple[TrainSet, ValidationSet]
) -> None:
    keeper = _Recorder()
    _trained(
        dataclasses.replace(recipe, schedule=dataclasses.replace(recipe.schedule, epochs=1)),
        sets,
        keeper,
    )
    first = keeper.kept[0]
    other = dataclasses.replace(first, model=first.model[1:])
    with pytest.raises(TrainError, match="expected a checkpoint of this model, got other shapes"):
        _trained(recipe, sets, _Recorder(other))


def test_patience_ends_a_training_and_its_continuation(
    recipe: Recipe, sets: tuple[TrainSet, ValidationSet]
) -> None:
    # a learning rate this high never improves on the first epochs
    schedule = dataclasses.replace(
        recipe.schedule, epochs=30, learning_rate=3.0, warmup_epochs=0, patience=2
    )
    keeper = _Recorder()
    wild = dataclasses.replace(recipe, schedule=schedule)
    fitted = fit(wild, 10, *sets, seed=2, keeper=keeper)
    assert len(fitted.history) == fitted.best_epoch + 2 < 30
    again = fit(wild, 10, *sets, seed=2, keeper=_Recorder(keeper.kept[-1]))
    assert again.history == fitted.history


def _is_generator(value: np.ndarray) -> bool:
    return value.shape == (2,) and value.dtype.kind in "iu"


def _weights(run: Path) -> list[np.ndarray]:
    import keras

    weights: list[np.ndarray] = keras.models.load_model(run / "model.keras").get_weights()
    return weights


def _ended_at(line: str, number: signal.Signals, run: Path) -> tuple[int, str]:
    """Train in a process of its own that gets a signal as soon as it says `line`."""
    process = subprocess.Popen(
        [*EDGEPROOF, "train", "digits", "-o", str(run), *OPTIONS],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    for text in process.stderr:
        said += text
        if text.startswith(line):
            process.send_signal(number)
    process.stderr.close()
    return process.wait(60), said


def test_stopped_then_killed_then_finished(tmp_path: Path, capsys: Say) -> None:
    run, waiting = tmp_path / "run", tmp_path / "run.unfinished"
    code, said = _ended_at("epoch 1/3", signal.SIGTERM, run)
    assert code == 130
    assert "of 3; the same command goes on" in said
    # a usable run: the model of the best epoch so far, and it says so
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["interrupted"] is True
    assert 1 <= metrics["epochs"] < 3
    assert len(_weights(run)) > 10
    assert checkpoints_in(waiting)

    code, said = _ended_at("epoch 2/3", signal.SIGKILL, run)
    assert code == -signal.SIGKILL
    assert "going on after epoch 1" in said
    assert not list(tmp_path.glob(".*"))

    # another configuration is not mixed in, and nothing of it is lost
    assert main(["train", "digits", "-o", str(run), *OPTIONS, "--seed", "1"]) == 1
    said = capsys.readouterr().err
    assert "(seed: 0), got 1; give the same options to go on with it, or --restart" in said
    assert main(["train", "digits", "-o", str(run), *OPTIONS]) == 0
    assert "going on after epoch 2" in capsys.readouterr().err
    assert json.loads((run / "metrics.json").read_text())["interrupted"] is False
    assert not waiting.exists()

    unbroken = tmp_path / "unbroken"
    assert main(["train", "digits", "-o", str(unbroken), *OPTIONS]) == 0
    for one, other in zip(_weights(run), _weights(unbroken), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkpoints of a training whose run could not be written."""
    monkeypatch.setattr(unfinished.Unfinished, "remove", lambda self: None)
    run = tmp_path / "run"
    assert main(["train", "digits", "-o", str(run), *OPTIONS]) == 0
    shutil.rmtree(run)
    monkeypatch.undo()
    return tmp_path / "run.unfinished"


def test_a_damaged_checkpoint_is_left_aside_and_restart_forgets_all(
    waiting: Path, capsys: Say
) -> None:
    run = waiting.with_name("run")
    newest = checkpoints_in(waiting)[0]
    newest.write_bytes(newest.read_bytes()[:-500])
    assert main(["train", "digits", "-o", str(run), *OPTIONS]) == 0
    said = capsys.readouterr().err
    assert f"left aside: {newest} cannot be read as a checkpoint" in said
    assert "going on after epoch 2" in said
    assert "epoch 1/3" not in said


def test_a_full_disk_is_said_and_costs_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say
) -> None:
    real, calls = unfinished.write_checkpoint, list[int]()

    def full_at_two(folder: Path, checkpoint: Checkpoint, training: dict[str, object]) -> None:
        calls.append(checkpoint.epochs)
        if checkpoint.epochs == 2:
            raise OSError(28, "No space left on device")
        real(folder, checkpoint, training)

    monkeypatch.setattr(unfinished, "write_checkpoint", full_at_two)
    run = tmp_path / "run"
    assert main(["train", "digits", "-o", str(run), *OPTIONS]) == 0
    assert calls == [1, 2, 3]
    said = capsys.readouterr().err
    assert (
        "no checkpoint after epoch 2: No space left on device; the last one is epoch-00001" in said
    )
    assert json.loads((run / "metrics.json").read_text())["epochs"] == 3


def test_nan_keeps_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say
) -> None:
    from edgeproof.train.batches import AugmentedBatches

    real = AugmentedBatches.__getitem__

    def damaged(self: AugmentedBatches, index: int) -> tuple[np.ndarray, ...]:
        images, *rest = real(self, index)
        return (images * (np.nan if self._epoch == 2 and index == 4 else 1), *rest)

    monkeypatch.setattr(AugmentedBatches, "__getitem__", damaged)
    run = tmp_path / "run"
    assert main(["train", "digits", "-o", str(run), *OPTIONS]) == 1
    said = capsys.readouterr().err
    assert "got nan at epoch 3, step 5; train with a lower --learning-rate" in said
    assert "What epoch 2 reached is kept" in said
    assert not run.exists()
    newest = checkpoints_in(tmp_path / "run.unfinished")[0]
    checkpoint, training = read_checkpoint(newest)
    assert (checkpoint.epochs, training["recipe"]) == (2, "digits")
    assert all(np.isfinite(value).all() for value in checkpoint.model)


def test_interrupted_before_the_first_epoch_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say
) -> None:
    from edgeproof.train.watch import NanGuard

    def interrupt(self: NanGuard, batch: int, logs: object = None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(NanGuard, "on_train_batch_end", interrupt)
    assert main(["train", "digits", "-o", str(tmp_path / "run"), *OPTIONS]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not list(tmp_path.glob("*run*"))
