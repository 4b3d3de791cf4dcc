"""TF.js graph models: a frozen graph in, `model.json` and weight shards out.

Format: `GraphModel` JSON of @tensorflow/tfjs-converter 4.22, whose nodes are TensorFlow's NodeDef
in protobuf's JSON mapping (bytes in base64), with all constants in the weight files.
"""

from __future__ import annotations

import importlib.metadata
import json
from typing import Any

from edgeproof.convert.freeze import FrozenGraph
from edgeproof.convert.tfjs.optimise import optimised
from edgeproof.convert.tfjs.support import check_ops
from edgeproof.convert.tfjs.topology import Topology, topology_of
from edgeproof.convert.tfjs.weights import Precision, weights_manifest


def graph_model_files(frozen: FrozenGraph, precision: Precision) -> dict[str, bytes]:
    """The files of a TF.js graph model, by name: `model.json` first, then the shards.

    Args:
        precision: of the weights in the files; TF.js computes in float32 always.

    Raises:
        UnsupportedOp: TF.js lacks an operation of the graph.
        ConvertError: a weight or a name that TF.js cannot hold.
    """
    return encoded(prepared(frozen), precision)


def prepared(frozen: FrozenGraph) -> Topology:
    """Optimise and check a graph once, for every precision. Raises as `graph_model_files`."""
    graph = optimised(frozen)
    check_ops(graph)
    return topology_of(frozen, graph)


def encoded(topology: Topology, precision: Precision) -> dict[str, bytes]:
    """The files of a prepared graph in one precision."""
    manifest, shards = weights_manifest(topology.constants, precision, topology.delicate)
    document: dict[str, Any] = {
        "format": "graph-model",
        "generatedBy": importlib.metadata.version("tensorflow"),
        "convertedBy": f"edgeproof {importlib.metadata.version('edgeproof')}",
        "signature": topology.signature,
        "modelTopology": topology.graph,
        "weightsManifest": manifest,
    }
    return {"model.json": json.dumps(document, separators=(",", ":")).encode(), **shards}
