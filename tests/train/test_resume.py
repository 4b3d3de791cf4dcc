"""A training that is cut short ends with the very weights of one that is not."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgeproof.edge.main import main
from edgeproof.train import unfinished
from edgeproof.train.batches import AugmentedBatches
from edgeproof.train.checkpoint import Checkpoint, checkpoints_in, read_checkpoint
from edgeproof.train.epoch_report import EpochReport
from edgeproof.train.errors import TrainError
from edgeproof.train.fit import fit
from edgeproof.train.interrupt import interruptible, interruption_asked
from edgeproof.train.parts import TrainSet, ValidationSet
from edgeproof.train.recipe import Recipe
from edgeproof.train.recipes import recipe_named
from edgeproof.train.watch import BestWeights, NanGuard
from tests.conftest import EDGEPROOF

Say = pytest.CaptureFixture[str]
OPTIONS = ("--epochs", "4", "--limit", "200")


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
        schedule=dataclasses.replace(recipe.schedule, epochs=4, average=0.7, label_smoothing=0.1),
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


def test_from_a_checkpoint_to_the_same_end(
    recipe: Recipe, sets: tuple[TrainSet, ValidationSet]
) -> None:
    whole = _Recorder()
    weights, losses = _trained(recipe, sets, whole)
    assert [checkpoint.epochs for checkpoint in whole.kept] == [1, 2, 3, 4]
    second = whole.kept[1]
    for checkpoint in (second, whole.kept[3]):
        again, same_losses = _trained(recipe, sets, _Recorder(checkpoint))
        assert same_losses == losses
        for one, other in zip(weights, again, strict=True):
            np.testing.assert_array_equal(one, other)
    # and the control: what a checkpoint without the state of the random generators would give
    assert any(map(_is_generator, second.model))
    # step, rate, and two moments and an average for each weight
    assert len(second.optimizer) >= 3 * (len(second.best.weights) // 2)
    other_draws = [v + 1 if _is_generator(v) else v for v in second.model]
    without = dataclasses.replace(second, model=other_draws)
    assert _trained(recipe, sets, _Recorder(without))[1] != losses

    with pytest.raises(TrainError, match="expected a checkpoint of this model, got other shapes"):
        _trained(recipe, sets, _Recorder(dataclasses.replace(second, model=second.model[1:])))


def _is_generator(value: np.ndarray) -> bool:
    return value.shape == (2,) and value.dtype.kind in "iu"


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


def _runs(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "cache")


def _weights(run: Path) -> list[np.ndarray]:
    import keras

    weights: list[np.ndarray] = keras.models.load_model(run / "model.keras").get_weights()
    return weights


def _killed_at(line: str, run: Path) -> str:
    """Train in a process of its own that is killed as soon as it says `line`."""
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
            process.kill()
    process.stderr.close()
    assert process.wait(60) == -signal.SIGKILL, said
    return said


def test_killed_then_stopped_then_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say
) -> None:
    run, waiting = tmp_path / "run", tmp_path / "run.unfinished"
    command = ["train", "digits", "-o", str(run), *OPTIONS]
    _killed_at("epoch 2/4", run)
    assert _runs(tmp_path) == ["run.unfinished"]

    # another configuration is not mixed in, and nothing of it is lost
    assert main([*command, "--seed", "1"]) == 1
    said = capsys.readouterr().err
    assert "(seed: 0), got 1; give the same options to go on with it, or --restart" in said

    # the newest checkpoint is damaged: the one before it will do
    newest = checkpoints_in(waiting)[0]
    newest.write_bytes(newest.read_bytes()[:-500])

    def terminate(self: EpochReport, epoch: int, logs: object = None) -> None:
        if epoch == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(EpochReport, "on_epoch_end", terminate)
    assert main(command) == 130
    monkeypatch.undo()
    said = capsys.readouterr().err
    assert f"left aside: {newest} cannot be read as a checkpoint" in said
    assert "going on after epoch 1" in said
    assert "interrupted after epoch 3 of 4; the same command goes on" in said
    # a usable run: the model of the best epoch so far, and it says so
    metrics = json.loads((run / "metrics.json").read_text())
    assert (metrics["interrupted"], metrics["epochs"]) == (True, 3)
    assert "interrupted after epoch 3" in (run / "report.html").read_text()
    assert len(_weights(run)) > 10

    # without --force, since the run says that it is not finished
    assert main(command) == 0
    assert "going on after epoch 3" in capsys.readouterr().err
    assert json.loads((run / "metrics.json").read_text())["interrupted"] is False
    assert _runs(tmp_path) == ["run"]

    unbroken = tmp_path / "unbroken"
    assert main(["train", "digits", "-o", str(unbroken), *OPTIONS]) == 0
    for one, other in zip(_weights(run), _weights(unbroken), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_full_disk_costs_a_checkpoint_and_nan_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say
) -> None:
    """In one training: no room after epoch 2, no number in epoch 4."""
    real_write, real_batch = unfinished.write_checkpoint, AugmentedBatches.__getitem__

    def full_at_two(folder: Path, checkpoint: Checkpoint, training: dict[str, object]) -> None:
        if checkpoint.epochs == 2:
            raise OSError(28, "No space left on device")
        real_write(folder, checkpoint, training)

    def damaged(self: AugmentedBatches, index: int) -> tuple[np.ndarray, ...]:
        images, *rest = real_batch(self, index)
        return (images * (np.nan if self._epoch == 3 and index == 4 else 1), *rest)

    monkeypatch.setattr(unfinished, "write_checkpoint", full_at_two)
    monkeypatch.setattr(AugmentedBatches, "__getitem__", damaged)
    run = tmp_path / "run"
    assert main(["train", "digits", "-o", str(run), *OPTIONS]) == 1
    said = capsys.readouterr().err
    assert (
        "no checkpoint after epoch 2: No space left on device; the last one is epoch-00001.npz"
    ) in said
    assert "got nan at epoch 4, step 5; train with a lower --learning-rate" in said
    assert "What epoch 3 reached is kept" in said
    assert not run.exists()
    found = checkpoints_in(tmp_path / "run.unfinished")
    assert [path.name for path in found] == ["epoch-00003.npz", "epoch-00001.npz"]
    checkpoint, training = read_checkpoint(found[0])
    assert (checkpoint.epochs, training["recipe"]) == (3, "digits")
    assert all(np.isfinite(value).all() for value in checkpoint.model)


def test_interrupted_before_the_first_epoch_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say
) -> None:
    import keras

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "fit", interrupted)
    assert main(["train", "digits", "-o", str(tmp_path / "run"), *OPTIONS]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert _runs(tmp_path) == []


def test_a_signal_whose_exception_got_lost_stops_after_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say
) -> None:
    """NumPy clears whatever is raised while it waits for an array of JAX."""
    steps: list[int] = []

    def losing(self: NanGuard, batch: int, logs: object = None) -> None:
        steps.append(batch)
        if len(steps) == self.params["steps"] + 3:
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(NanGuard, "on_train_batch_end", losing)
    command = ["train", "digits", "-o", str(tmp_path / "run"), "--epochs", "3", "--limit", "200"]
    assert main(command) == 130
    assert "interrupted after epoch 1 of 3" in capsys.readouterr().err
    # in the third step of the second epoch, and no step more
    assert steps[-1] == 2


def test_a_second_signal_does_not_wait(capsys: Say) -> None:
    with interruptible(at_once=False):
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption_asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert not interruption_asked()


def test_ctrl_c_between_the_notes_of_an_epoch_and_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say
) -> None:
    """At any moment: the run is that of the epochs that are whole."""

    def interrupted(self: BestWeights, epoch: int, logs: object = None) -> None:
        real(self, epoch, logs)  # type: ignore[arg-type]
        if epoch == 1:
            raise KeyboardInterrupt

    real = BestWeights.on_epoch_end
    monkeypatch.setattr(BestWeights, "on_epoch_end", interrupted)
    run = tmp_path / "run"
    command = ["train", "digits", "-o", str(run), "--epochs", "3", "--limit", "200"]
    assert main(command) == 130
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["validation"]["best_epoch"] <= metrics["epochs"] == 2
