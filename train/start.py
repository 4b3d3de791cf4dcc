"""`--from RUN`: training that begins with the weights of a run instead of random ones."""

import hashlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeproof.edge.schema import from_json
from edgeproof.train.errors import TrainError
from edgeproof.train.run_config import CONFIG, RunConfig, StartRecord

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Start:
    """The model file of a run, and what the new run's config.json says of it."""

    model: Path
    record: StartRecord


def start_from(run: Path, recipe: str, labels: tuple[str, ...]) -> Start:
    """Look at a run whose weights are to be trained on.

    Raises:
        TrainError: it is no run, or one of another recipe or of other labels.
    """
    model = run / "model.keras"
    try:
        config = from_json(RunConfig, json.loads((run / CONFIG).read_bytes()))
        content = model.read_bytes()
    except (OSError, ValueError) as error:  # SchemaError and JSON's errors are ValueErrors
        raise TrainError(
            f"--from: expected a run with {CONFIG} and model.keras, got {run}: {error}"
        ) from error
    if config.recipe != recipe:
        raise TrainError(
            f"--from: expected a run of the recipe {recipe}, got one of {config.recipe} in {run}"
        )
    if config.deployment.labels != labels:
        raise TrainError(
            f"--from: expected a run with the labels {', '.join(labels)}, got "
            f"{', '.join(config.deployment.labels)} in {run}; train on the same classes"
        )
    return Start(model, StartRecord(config.recipe, hashlib.sha256(content).hexdigest()))


def take_weights(model: "keras.Model", start: Start) -> None:
    """Put the weights into a model; nothing that the file says of layers is built or run.

    Raises:
        TrainError: they are of another architecture.
    """
    try:
        with warnings.catch_warnings():
            # Keras leaves layers that the file lacks at random weights, and only warns
            warnings.simplefilter("error")
            model.load_weights(start.model)
    except (ValueError, OSError, KeyError, UserWarning) as error:
        raise TrainError(
            f"--from: expected weights of this recipe's model, got others in {start.model}: "
            f"{str(error).splitlines()[0]}"
        ) from error
