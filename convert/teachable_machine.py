"""`metadata.json` as Teachable Machine writes it beside its TF.js models.

Pages and libraries made for those models find labels and image size there (`Metadata` of
@teachablemachine/image 0.8: `labels` is what makes it valid). What that form has no field for, the
normalisation above all, stands under `userMetadata`.
"""

from __future__ import annotations

import importlib.metadata
import json
from typing import Any

from edgeproof.convert.description import Description
from edgeproof.convert.tfjs.ops import TFJS_VERSION

METADATA_JSON = "metadata.json"


def teachable_machine_metadata(description: Description) -> bytes:
    """The file's content, for an image classifier."""
    contract = description.contract
    assert contract is not None
    document: dict[str, Any] = {
        "tfjsVersion": TFJS_VERSION,
        "packageName": "edgeproof",
        "packageVersion": importlib.metadata.version("edgeproof"),
        "modelName": description.name,
        "labels": list(description.labels),
    }
    if contract.height == contract.width:  # the form has one number for both
        document["imageSize"] = contract.height
    if contract.color == "gray":
        document["grayscale"] = True
    document["userMetadata"] = {
        "height": contract.height,
        "width": contract.width,
        "fit": contract.fit,
        "scale": list(contract.scale),
        "offset": list(contract.offset),
        "scores": description.scores,
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
