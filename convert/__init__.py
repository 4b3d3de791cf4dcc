"""Conversion: a stored Keras model in, a bundle out; and verification of the result.

from edgeproof.convert import ConvertOptions, convert_model, verify_bundle
convert_model("model.keras", "bundles/flowers", options=ConvertOptions(normalize="imagenet"))
verify_bundle("bundles/flowers").passed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeproof.convert.api import convert_model as convert_model
    from edgeproof.convert.api import verify_bundle as verify_bundle
    from edgeproof.convert.options import ConvertOptions as ConvertOptions

_EXPORTS = {"convert_model": "api", "verify_bundle": "api", "ConvertOptions": "options"}
__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    # lazy: `edgeproof --help` imports this package, and must not pay for NumPy
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    from edgeproof.edge.silence import captured_stderr

    with captured_stderr():  # TensorFlow comes with it, and looks for graphics cards aloud
        return getattr(importlib.import_module(f"edgeproof.convert.{_EXPORTS[name]}"), name)
