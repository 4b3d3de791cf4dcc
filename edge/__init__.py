"""What a device runs: the manifest, the input contract, the TFLite runtime, classification.

Needs NumPy, Pillow and click; no TensorFlow and no other package of edgeproof.

    from edgeproof.edge import Classifier
    print(Classifier("bundles/mnist").classify("seven.png").label)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeproof.edge.bundle import Bundle as Bundle
    from edgeproof.edge.classifier import Classifier as Classifier
    from edgeproof.edge.contract import InputContract as InputContract
    from edgeproof.edge.errors import ImageError as ImageError
    from edgeproof.edge.prediction import Prediction as Prediction
    from edgeproof.edge.prediction import Score as Score

_EXPORTS = {
    "Bundle": "bundle",
    "Classifier": "classifier",
    "InputContract": "contract",
    "ImageError": "errors",
    "Prediction": "prediction",
    "Score": "prediction",
}
__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    # lazy: `edgeproof --help` must not pay for NumPy
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"edgeproof.edge.{_EXPORTS[name]}"), name)
