"""The four parts of a data set as four types, so that no function can be given the wrong one."""

from dataclasses import dataclass

import numpy as np

from edgeproof.edge.contract import InputContract
from edgeproof.train.data.decode import LeftOut
from edgeproof.train.data.source import ImageRows, Images, Source
from edgeproof.train.errors import DataError
from edgeproof.train.progress import say
from edgeproof.train.split import Split

_SHOWN_LEFT_OUT = 10


@dataclass(frozen=True)
class Part:
    """Images after the input contract.

    Attributes:
        images: uint8, N x height x width x channels, read when they are indexed.
        labels: int64, N.
        indices: where they stand in the source, int64, N.
    """

    images: Images
    labels: np.ndarray
    indices: np.ndarray

    def __post_init__(self) -> None:
        if not len(self.images) == len(self.labels) == len(self.indices) > 0:
            raise ValueError(
                "expected as many images as labels and indices, at least one, got "
                f"{len(self.images)}, {len(self.labels)}, {len(self.indices)}"
            )

    def __len__(self) -> int:
        return len(self.images)


class TrainSet(Part):
    """What the weights are fitted to."""


class CalibrationSet(Part):
    """Cut from the training images: sets the ranges of int8, and no weight is fitted to it."""


class ValidationSet(Part):
    """Chooses the epoch whose weights are kept."""


class TestSet(Part):
    """Looked at once, at the end."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name


@dataclass(frozen=True)
class Parts:
    """A data set, split and decoded."""

    train: TrainSet
    calibration: CalibrationSet
    validation: ValidationSet
    test: TestSet
    left_out: tuple[LeftOut, ...]


def load_parts(source: Source, split: Split, contract: InputContract) -> Parts:
    """Decode the four parts; pictures that cannot be read are listed on stderr and left out.

    Raises:
        DataError: nothing readable is left of a class in train, or of a whole part.
    """
    order = (split.train, split.calibration, split.validation, split.test)
    loaded = source.load(np.concatenate(order), contract, "images")
    tell_left_out(loaded.left_out)
    in_train = source.labels[np.intersect1d(loaded.indices, split.train)]
    for label, name in enumerate(source.label_names):
        if label not in in_train:
            raise DataError(
                f"expected readable training pictures of every class, got none of {name!r}; "
                "replace the pictures that cannot be read"
            )

    def part(indices: np.ndarray, name: str) -> tuple[Images, np.ndarray, np.ndarray]:
        here = np.flatnonzero(np.isin(loaded.indices, indices))
        if not len(here):
            raise DataError(f"expected readable pictures for {name}, got none; add pictures")
        kept = loaded.indices[here]
        return ImageRows(loaded.images, here), source.labels[kept], kept

    return Parts(
        TrainSet(*part(split.train, "training")),
        CalibrationSet(*part(split.calibration, "calibration")),
        ValidationSet(*part(split.validation, "validation")),
        TestSet(*part(split.test, "test")),
        loaded.left_out,
    )


def tell_left_out(left_out: tuple[LeftOut, ...]) -> None:
    """List unreadable pictures on stderr: the first ones by name, all by number."""
    if not left_out:
        return
    for picture in left_out[:_SHOWN_LEFT_OUT]:
        say(f"left out: {picture.reason}")
    more = len(left_out) - _SHOWN_LEFT_OUT
    say(
        f"{len(left_out):,} unreadable pictures left out"
        + (f" ({more:,} more)" if more > 0 else "")
    )
