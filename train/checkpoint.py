"""A training's whole state as one file, written so that a kill at any moment leaves a good one.

A checkpoint is an uncompressed .npz: arrays of the model's variables (the random generators of its
dropout among them), of the optimiser's (moments, step, running average of the weights), of the best
epoch's weights, and a JSON document with the rest. Data needs no state: batch `i` of epoch `e`
follows from the seed. What zip keeps for each array, a CRC-32, is how damage is found.
"""

import json
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeproof.edge.schema import SchemaError, from_json, to_json
from edgeproof.train.history import EpochFigures

SCHEMA_VERSION = 1
# the newest, and one more in case that the newest turns out to be damaged
_KEPT = 2
_NAME = re.compile(r"epoch-(\d{5,})\.npz")


@dataclass(frozen=True)
class Best:
    """The epoch (from 1) with the lowest validation loss so far, and its weights."""

    epoch: int
    loss: float
    weights: list[np.ndarray]


@dataclass(frozen=True)
class Checkpoint:
    """Where a training stands after its last finished epoch.

    Attributes:
        model, optimizer: their variables' values, in Keras' order.
        history: a line for every finished epoch.
    """

    model: list[np.ndarray]
    optimizer: list[np.ndarray]
    best: Best
    history: tuple[EpochFigures, ...]

    @property
    def epochs(self) -> int:
        """How many are finished."""
        return len(self.history)


@dataclass(frozen=True)
class _Document:
    schema_version: int
    training: dict[str, Any]
    best_epoch: int
    best_loss: float
    history: tuple[EpochFigures, ...]


class DamagedCheckpoint(ValueError):
    """A file that is no checkpoint, or no longer."""


def write_checkpoint(folder: Path, checkpoint: Checkpoint, training: dict[str, Any]) -> None:
    """Add a checkpoint to the folder and remove those that it makes needless.

    `training` says, as JSON values, what is trained, and comes back from `read_checkpoint`.

    Raises:
        OSError: it could not be written; the folder's earlier checkpoints are as they were.
    """
    document = _Document(
        SCHEMA_VERSION,
        training,
        checkpoint.best.epoch,
        checkpoint.best.loss,
        checkpoint.history,
    )
    arrays = {
        f"{kind}-{i:04}": value
        for kind, values in (
            ("model", checkpoint.model),
            ("optimizer", checkpoint.optimizer),
            ("best", checkpoint.best.weights),
        )
        for i, value in enumerate(values)
    }
    text = json.dumps(to_json(document)).encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"epoch-{checkpoint.epochs:05}.npz"
    partial = folder / f".{path.name}.partial"
    try:
        with partial.open("wb") as file:
            np.savez(file, document=np.frombuffer(text, dtype=np.uint8), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync(folder)
    for old in checkpoints_in(folder)[_KEPT:]:
        os.unlink(old)


def checkpoints_in(folder: Path) -> list[Path]:
    """The folder's checkpoints, newest first."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.stem.partition("-")[2]), reverse=True)


def read_checkpoint(path: Path) -> tuple[Checkpoint, dict[str, Any]]:
    """A checkpoint and what was trained.

    Raises:
        DamagedCheckpoint: truncated, changed, or of another version.
    """
    try:
        # nothing is unpickled, and zipfile compares every array with its CRC-32
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            document = from_json(_Document, json.loads(arrays["document"].tobytes()))
            values = {
                kind: [arrays[name] for name in sorted(arrays.files) if name.startswith(kind)]
                for kind in ("model-", "optimizer-", "best-")
            }
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile, SchemaError) as error:
        raise DamagedCheckpoint(f"{path} cannot be read as a checkpoint: {error}") from error
    if document.schema_version != SCHEMA_VERSION:
        raise DamagedCheckpoint(
            f"expected a checkpoint of version {SCHEMA_VERSION}, got {document.schema_version} "
            f"in {path}"
        )
    best = Best(document.best_epoch, document.best_loss, values["best-"])
    checkpoint = Checkpoint(values["model-"], values["optimizer-"], best, document.history)
    return checkpoint, document.training


def _sync(folder: Path) -> None:
    """Make the new name as durable as the file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
