"""Activations, initialisers, regularisers and arguments as TF.js 4.22 reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgeproof.convert.tfjs.layer_limits import ACTIVATIONS, INITIALIZERS, KERAS_2_ACTIVATIONS
from edgeproof.convert.tfjs.layer_rule import Config, LayerRule

# where TF.js lacks the layer's own; its defaults for recurrent kernels are among those
_INITIALIZER: dict[str, Any] = {"class_name": "GlorotUniform", "config": {}}


class UnknownActivation(Exception):
    """TF.js has no activation of this name, or one that computes something else."""


def layer_arguments(rule: LayerRule, config: Config, *, keras_2: bool) -> dict[str, Any]:
    """The arguments of a layer that matter, from its Keras configuration.

    Constraints stay behind: TF.js applies them to the trained weights while it loads them. Activity
    regularisers too: it refuses to run a layer that has one.

    Raises:
        UnknownActivation: naming it.
    """
    result: dict[str, Any] = {}
    for key in rule.keys:
        value = config.get(key)
        if key.endswith("activation"):
            result[key] = _activation(value, KERAS_2_ACTIVATIONS if keras_2 else ACTIVATIONS)
        elif key.endswith("_initializer"):
            result[key] = _initializer(value) or _INITIALIZER
        elif key.endswith("_regularizer"):
            result[key] = _regularizer(value)
        else:
            result[key] = _plain(value)
    return {
        **result,
        **{new: _plain(config.get(old, config.get(new))) for old, new in rule.renamed.items()},
    }


def _plain(value: Any) -> Any:
    """A number that Keras read back from a file as a tensor, as a number."""
    if value is None or isinstance(value, (bool, int, float, str, list, tuple, Mapping)):
        return value
    values = np.asarray(value)
    return values.item() if values.size == 1 else values.tolist()


def _activation(value: Any, known: Mapping[str, str]) -> str:
    function = value.get("config") if isinstance(value, Mapping) else value
    if function is None:
        return "linear"
    if not isinstance(function, str) or function not in known:
        shown = value.get("class_name") if isinstance(value, Mapping) else value
        raise UnknownActivation(f"TF.js has no such activation, or another one ({shown})")
    return known[function]


def _initializer(value: Any) -> dict[str, Any] | None:
    """Matters to further training in the browser only; None for one that TF.js cannot run."""
    if not isinstance(value, Mapping) or value.get("class_name") not in INITIALIZERS:
        return None
    config = {k: v for k, v in value["config"].items() if k != "seed" or isinstance(v, int)}
    name = value["class_name"].replace("Lecun", "LeCun")
    plain = {k: v for k, v in config.items() if v is None or isinstance(v, (int, float, str))}
    return {"class_name": name, "config": plain}


def _regularizer(value: Any) -> dict[str, Any] | None:
    """TF.js knows one regulariser, L1L2; others matter to training only and are left out."""
    if not isinstance(value, Mapping) or value.get("class_name") not in ("L1", "L2", "L1L2"):
        return None
    config = value["config"]
    strengths = {key: float(config.get(key) or 0) for key in ("l1", "l2")}
    return {"class_name": "L1L2", "config": strengths}
