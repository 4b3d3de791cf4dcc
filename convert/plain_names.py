"""Layer names that TensorFlow can trace, while it does; nothing of a layer stays changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edgeproof.convert.keras_flavour import is_legacy

if TYPE_CHECKING:
    import keras

# of a TensorFlow name scope; Keras itself allows spaces, colons, umlauts, ...
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.\\/>-]")


@contextmanager
def plain_names(model: keras.Model) -> Iterator[None]:
    """Give layers whose names are no TensorFlow scope one that is; even `predict` fails on them."""
    renamed = [] if is_legacy(model) else [x for x in model._flatten_layers() if _is_odd(x.name)]
    before = [layer.name for layer in renamed]
    for layer in renamed:
        object.__setattr__(layer, "name", f"layer_{_NOT_ALLOWED.sub('_', layer.name)}")
    try:
        yield
    finally:
        for layer, name in zip(renamed, before, strict=True):
            object.__setattr__(layer, "name", name)


def _is_odd(name: str) -> bool:
    return bool(_NOT_ALLOWED.search(name)) or not re.match(r"[A-Za-z0-9.]", name)
