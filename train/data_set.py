"""A recipe's data, ready for training: found, split, decoded."""

from dataclasses import dataclass
from pathlib import Path

from edgeproof.train.data.source import Source
from edgeproof.train.parts import Parts, load_parts
from edgeproof.train.recipe import Recipe
from edgeproof.train.split import limited, split_source


@dataclass(frozen=True)
class DataSet:
    """Every labelled image of a recipe (`source`), and the four parts that training works with."""

    source: Source
    parts: Parts


def load_data(
    recipe: Recipe, data: str | Path | None = None, *, limit: int | None = None, seed: int = 0
) -> DataSet:
    """Find, split and decode.

    Args:
        data: folder with the data set, or one above it; None: EDGEPROOF_DATA, else download.
        limit: at most so many training images, and of the other parts in proportion.
        seed: of that choice; the split itself has its own.

    Raises:
        DataError, DownloadError, UsageError: see their messages.
    """
    source = recipe.source(None if data is None else Path(data))
    split = split_source(source, recipe.split)
    if limit is not None:
        split = limited(split, source.labels, recipe.split, limit, seed)
    return DataSet(source, load_parts(source, split, recipe.contract))
