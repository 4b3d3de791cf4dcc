"""Python's garbage collection, kept out of a program's start."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection_at_start() -> Iterator[None]:
    """For a block that imports and loads what stays until the end.

    Collections in the middle of imports find nothing: they take 6 % of the time to a first label.
    What the block made is not looked at by later ones either.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
