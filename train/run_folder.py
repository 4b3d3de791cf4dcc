"""Writes what training made: the run folder that conversion and people read."""

import csv
import dataclasses
import json
import re
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edgeproof.edge.schema import to_json
from edgeproof.train.data.source import Source
from edgeproof.train.fit import Fitted
from edgeproof.train.history import EpochFigures
from edgeproof.train.machine import machine
from edgeproof.train.measure import measured
from edgeproof.train.metrics import Metrics, ValidationFigures
from edgeproof.train.parts import Parts, TestSet
from edgeproof.train.plots import draw_curves
from edgeproof.train.recipe import Recipe
from edgeproof.train.report import write_report
from edgeproof.train.run_config import CONFIG, RunConfig
from edgeproof.train.split import sample_by_class

# enough for an interval of +-1 % around 95 %, small enough to travel in a bundle
_KEPT_TEST_IMAGES = 2000
_EXAMPLES = 12


def write_run(
    folder: Path,
    recipe: Recipe,
    config: RunConfig,
    fitted: Fitted,
    parts: Parts,
    source: Source,
    started: float,
) -> Metrics:
    """Write every file of a run into `folder`; `started` is the command's `time.perf_counter`."""
    labels = config.deployment.labels
    _save_model(fitted.model, folder / "model.keras")
    groups = None if source.groups is None else source.groups[parts.test.indices]
    figures = measured(fitted.model, recipe, parts.test, groups, labels, folder)
    best = fitted.history[fitted.best_epoch - 1]
    _write_history(fitted.history, folder / "history.csv")
    draw_curves(fitted.history, fitted.best_epoch, folder / "curves.png", config.recipe)
    np.savez_compressed(folder / "calibration.npz", images=parts.calibration.images[:])
    _write_test_sample(parts.test, folder / "test.npz")
    _write_examples(source, parts.test, labels, folder / "examples")
    metrics = Metrics(
        schema_version=1,
        recipe=config.recipe,
        test=figures.test,
        detection=figures.detection,
        spread=figures.spread,
        robustness=figures.robustness,
        validation=ValidationFigures(
            len(parts.validation), best.validation_accuracy, best.validation_loss, best.epoch
        ),
        parameters=fitted.model.count_params(),
        epochs=len(fitted.history),
        interrupted=fitted.interrupted,
        training_s=sum(h.wall_s for h in fitted.history),
        wall_s=time.perf_counter() - started,
        machine=machine(config.backend),
        versions=config.versions,
    )
    _write_json(to_json(metrics), folder / "metrics.json")
    write_report(folder, config, metrics, figures.mistakes)
    _write_json(to_json(config), folder / CONFIG)
    return metrics


def _save_model(model: keras.Model, path: Path) -> None:
    # a model of the same layers that was never compiled: the file holds no optimiser
    keras.Model(model.inputs, model.outputs, name=model.name).save(path)


def _write_json(value: Any, path: Path) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_history(history: tuple[EpochFigures, ...], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [f.name for f in dataclasses.fields(EpochFigures)])
        writer.writeheader()
        writer.writerows(dataclasses.asdict(figures) for figures in history)


def _write_test_sample(test: TestSet, path: Path) -> None:
    """A stratified sample of the test set, and how many images it was drawn from."""
    chosen = sample_by_class(test.labels, _KEPT_TEST_IMAGES, seed=0)
    np.savez_compressed(
        path, images=test.images[chosen], labels=test.labels[chosen], total=np.int64(len(test))
    )


def _write_examples(source: Source, test: TestSet, labels: tuple[str, ...], folder: Path) -> None:
    """Pictures in their native size, the classes in turn."""
    folder.mkdir()
    shuffled = np.random.default_rng(0).permutation(len(test))
    of_class = [shuffled[test.labels[shuffled] == label] for label in range(len(labels))]
    rounds = -(-_EXAMPLES // len(labels))
    names = _file_names(labels)
    turns = [(n, own[n]) for n in range(rounds) for own in of_class if n < len(own)]
    for n, position in turns[:_EXAMPLES]:
        content, suffix = source.picture(int(test.indices[position]))
        name = names[test.labels[position]]
        (folder / f"{name}-{n + 1}{suffix}").write_bytes(content)


def _file_names(labels: tuple[str, ...]) -> list[str]:
    """A plain file name for each label, which may be any text: no two labels get the same."""
    plain = [re.sub(r"[^\w.-]+", "-", label).strip(".-")[:60] or "label" for label in labels]
    if len({name.casefold() for name in plain}) == len(plain):
        return plain
    return [f"{name}-{number}" for number, name in enumerate(plain)]
