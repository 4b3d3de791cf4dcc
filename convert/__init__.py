"""Conversion: a stored Keras model in, a bundle out; and verification of the result.

from edgeproof.convert import ConvertOptions, convert_model
convert_model("model.keras", "bundles/flowers", options=ConvertOptions(normalize="imagenet"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeproof.convert.api import convert_model as convert_model
    from edgeproof.convert.options import ConvertOptions as ConvertOptions

_EXPORTS = {"convert_model": "api", "ConvertOptions": "options"}
__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    # lazy: `edgeproof --help` imports this package, and must not pay for NumPy
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"edgeproof.convert.{_EXPORTS[name]}"), name)
