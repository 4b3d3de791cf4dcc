"""`config.json`: everything a run was made from; with the same data it makes the same run again."""

from dataclasses import dataclass

from edgeproof.edge.deployment import Deployment
from edgeproof.train.quiet_keras import Backend
from edgeproof.train.recipe import Augmentation, Schedule
from edgeproof.train.split import SplitPlan

SCHEMA_VERSION = 1
CONFIG = "config.json"


@dataclass(frozen=True)
class DataRecord:
    """Where the images came from, and which of them could not be read."""

    origin: str
    images: int
    left_out: tuple[str, ...]
    group_by: str | None = None


@dataclass(frozen=True)
class SplitRecord:
    """How the data was split, and how many images that gave (after `--limit`)."""

    plan: SplitPlan
    train: int
    calibration: int
    validation: int
    test: int
    groups: int | None


@dataclass(frozen=True)
class StartRecord:
    """The run whose weights training began with: its recipe, and the SHA-256 of its model."""

    recipe: str
    model_sha256: str


@dataclass(frozen=True)
class RunConfig:
    """The whole of `config.json`."""

    schema_version: int
    recipe: str
    seed: int
    epochs: int
    limit: int | None
    command: str
    versions: dict[str, str]
    data: DataRecord
    split: SplitRecord
    schedule: Schedule
    augmentation: Augmentation
    deployment: Deployment
    backend: Backend = "tensorflow"
    start: StartRecord | None = None
    mixed_precision: bool = False
    workers: int | None = None
