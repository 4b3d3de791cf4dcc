"""Training: a recipe and its data in, a run out.

from edgeproof.train import load_run, train_recipe
train_recipe("mnist", "runs/mnist", epochs=3)
load_run("runs/mnist").metrics.test.accuracy
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeproof.train.api import train_recipe as train_recipe
    from edgeproof.train.api import untrained_model as untrained_model
    from edgeproof.train.data_set import load_data as load_data
    from edgeproof.train.recipes import recipe_named as recipe_named
    from edgeproof.train.saved_run import load_run as load_run

_EXPORTS = {
    "load_data": "data_set",
    "load_run": "saved_run",
    "recipe_named": "recipes",
    "train_recipe": "api",
    "untrained_model": "api",
}
__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    # lazy: `edgeproof --help` imports this package, and must not pay for NumPy
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"edgeproof.train.{_EXPORTS[name]}"), name)
