"""From a run to an entry of the zoo: the same layout, reduced to what conversion reads."""

import dataclasses
import io
import json
import shlex
import shutil
import zipfile
from pathlib import Path, PurePath
from typing import Any

import h5py
import numpy as np

from edgeproof.edge.output_folder import check_output, whole_folder
from edgeproof.edge.schema import SchemaError, from_json, to_json
from edgeproof.edge.shown_path import shown_path
from edgeproof.train.errors import TrainError
from edgeproof.train.metrics import Metrics
from edgeproof.train.recipes import recipe_named
from edgeproof.train.run_config import CONFIG, RunConfig
from edgeproof.train.split import sample_by_class
from edgeproof.train.zoo.card import CARD, model_card
from edgeproof.train.zoo.converted import CONVERTED, ConvertedFigures
from edgeproof.train.zoo.facts import facts_of

ZOO = Path(__file__).parent

# MNIST, 10,000 test images, four draws each: from 8 calibration images on, int8 is within 0.02
# points of what all 255 of the run give
_CALIBRATION_IMAGES = 24
# rounded down class by class, over 100 stay: one answer that turns over is less than a point, which
# the gates leave room for
_TEST_IMAGES = 110
# pictures in their native size: seven cells
_EXAMPLES_BYTES = 100_000
# of every member of the archives, so that the same run gives the same bytes
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclasses.dataclass(frozen=True)
class Run:
    """A run's folder with its two documents."""

    folder: Path
    config: RunConfig
    metrics: Metrics


def read_run(folder: Path) -> Run:
    """A run that is fit for the zoo.

    Raises:
        TrainError: no run, interrupted, on a part of the data only, or with an optimiser's state.
        UsageError: nothing is known about where its data comes from.
    """
    config = _read(folder / CONFIG, RunConfig)
    metrics = _read(folder / "metrics.json", Metrics)
    facts_of(config.recipe)
    if config.limit is not None:
        raise TrainError(
            f"expected a run on all of its data, got one with --limit {config.limit} in {folder}"
        )
    if metrics.interrupted:
        raise TrainError(
            f"expected a finished run, got an interrupted one in {folder}; the same command goes on"
        )
    return Run(folder, config, metrics)


def add(
    run: Run, zoo: Path, converted: tuple[ConvertedFigures, ...] = (), *, force: bool = False
) -> Path:
    """Write the entry of this run into the zoo, whole or not at all; returns its folder.

    Args:
        converted: what the converted entry scores, for the card.

    Raises:
        TrainError: the run lacks a file, or its model holds more than weights.
        OutputError: the entry exists and `force` was not given.
    """
    config = shareable(run.config)
    target = zoo / config.recipe
    check_output(target, force=force, marker=CONFIG)
    with whole_folder(target, force=force, marker=CONFIG) as folder:
        _write_model(run.folder / "model.keras", folder / "model.keras")
        _write_pictures(run.folder, folder)
        card = model_card(config, run.metrics, converted, facts_of(config.recipe))
        (folder / CARD).write_text(card, encoding="utf-8")
        _write(to_json(run.metrics), folder / "metrics.json")
        _write(to_json(converted), folder / CONVERTED)
        _write(to_json(config), folder / CONFIG)
    return target


def shareable(config: RunConfig) -> RunConfig:
    """The configuration without folders of the machine that trained, and with the recipe's notice.

    Runs of older releases hold such folders, and no notice.
    """
    data = dataclasses.replace(
        config.data,
        origin=PurePath(config.data.origin).name,
        left_out=tuple(PurePath(path).name for path in config.data.left_out),
    )
    notice = recipe_named(config.recipe).notice
    deployment = dataclasses.replace(config.deployment, notice=notice)
    return dataclasses.replace(
        config, data=data, deployment=deployment, command=_shown(config.command, config.recipe)
    )


def _shown(command: str, recipe: str) -> str:
    """The training's command with a plain output folder, and without where the data lay."""
    words, shown = iter(shlex.split(command)), []
    for word in words:
        if word in ("-o", "--data"):
            next(words, None)
        else:
            # what training began with, for one
            shown.append(shown_path(word) if word.startswith("/") else word)
    if shown[:3] != ["edgeproof", "train", recipe]:
        raise TrainError(f"expected edgeproof train {recipe} as the run's command, got {command}")
    return shlex.join([*shown[:3], "-o", f"runs/{recipe}", *shown[3:]])


def _write_model(source: Path, target: Path) -> None:
    """The same members, compressed; refused where the file holds what inference does not need."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = {name: archive.read(name) for name in sorted(archive.namelist())}
        with h5py.File(io.BytesIO(members["model.weights.h5"]), "r") as weights:
            groups = set(weights)
        compiled = bool(json.loads(members["config.json"]).get("compile_config"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise TrainError(f"expected a Keras model in {source}, got: {error!r}") from error
    if "optimizer" in groups or compiled:
        raise TrainError(
            f"expected a model without its optimiser in {source}, as edgeproof train writes it"
        )
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            _add(archive, name, content)


def _write_pictures(run: Path, entry: Path) -> None:
    calibration, test = _arrays(run / "calibration.npz"), _arrays(run / "test.npz")
    images = calibration["images"]
    rows = np.unique(np.linspace(0, len(images) - 1, _CALIBRATION_IMAGES).round().astype(int))
    _write_arrays(entry / "calibration.npz", images=images[rows])
    kept = sample_by_class(test["labels"], _TEST_IMAGES, seed=0)
    _write_arrays(
        entry / "test.npz",
        images=test["images"][kept],
        labels=test["labels"][kept],
        total=test["total"],
    )
    (entry / "examples").mkdir()
    size = 0
    # the classes in turn: infected-1, healthy-1, infected-2, ...
    for path in sorted((run / "examples").iterdir(), key=lambda p: (p.stem.split("-")[-1], p.name)):
        size += path.stat().st_size
        if size > _EXAMPLES_BYTES:
            break
        shutil.copyfile(path, entry / "examples" / path.name)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise TrainError(f"expected arrays in {path}, got: {error}; train it again") from error


def _write_arrays(path: Path, **arrays: np.ndarray) -> None:
    """As `np.savez_compressed`, which puts the time into the file."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, np.asarray(array, order="C"), allow_pickle=False)
            _add(archive, f"{name}.npy", content.getvalue())


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, _ZIP_TIME)
    archive.writestr(member, content, zipfile.ZIP_DEFLATED, compresslevel=9)


def _read(path: Path, kind: type) -> Any:
    try:
        return from_json(kind, json.loads(path.read_bytes()))
    except (OSError, SchemaError, ValueError) as error:
        raise TrainError(
            f"expected a run of edgeproof train, got {path.parent}: {path.name}: {error}"
        ) from error


def _write(value: Any, path: Path) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
