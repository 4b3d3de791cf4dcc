"""Reading a run folder again."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeproof.edge.schema import SchemaError, from_json
from edgeproof.train.errors import DataError
from edgeproof.train.history import EpochFigures
from edgeproof.train.metrics import Metrics
from edgeproof.train.run_config import CONFIG, RunConfig

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class SavedRun:
    """What training wrote. Its pictures and `report.html` lie in `folder`."""

    folder: Path
    config: RunConfig
    metrics: Metrics
    history: tuple[EpochFigures, ...]

    def model(self) -> "keras.Model":
        """The Keras model with the weights that were kept."""
        from edgeproof.train.quiet_keras import import_keras

        model: keras.Model = import_keras().saving.load_model(self.folder / "model.keras")
        return model


def load_run(run: str | Path) -> SavedRun:
    """Read a run folder, but for its model, which `SavedRun.model` loads.

    Raises:
        DataError: not a run, or one of its files is damaged.
    """
    folder = Path(run)
    try:
        with (folder / "history.csv").open(newline="", encoding="utf-8") as file:
            history = tuple(_epoch(row) for row in csv.DictReader(file))
        return SavedRun(
            folder,
            from_json(RunConfig, _json(folder / CONFIG)),
            from_json(Metrics, _json(folder / "metrics.json")),
            history,
        )
    except (OSError, SchemaError, ValueError, KeyError) as error:
        raise DataError(
            f"expected a run in {folder}, got: {error}; make one: edgeproof train RECIPE -o RUN"
        ) from error


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _epoch(row: dict[str, str]) -> EpochFigures:
    figures = {name: float(value) for name, value in row.items() if name != "epoch"}
    return EpochFigures(epoch=int(row["epoch"]), **figures)
