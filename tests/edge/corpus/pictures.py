"""`hostile_pictures()`: the corpus. Deterministic, made on the spot; nothing of it is stored."""

from collections.abc import Iterator

from tests.edge.corpus import (
    damaged,
    jpegs,
    kinds,
    metadata_bombs,
    orientations,
    pixel_bombs,
    png_kinds,
    sizes,
    wrapped,
)
from tests.edge.corpus.hostile import Hostile

FAMILIES = (
    damaged,
    sizes,
    png_kinds,
    kinds,
    orientations,
    jpegs,
    wrapped,
    metadata_bombs,
    pixel_bombs,
)


def hostile_pictures() -> Iterator[Hostile]:
    """Every hostile picture, in the same order whenever; `content` is made when it is asked for."""
    for family in FAMILIES:
        yield from family.pictures()
