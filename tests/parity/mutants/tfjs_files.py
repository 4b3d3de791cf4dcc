"""Wrong shards and wrong `model.json`, with hashes that are right."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.parity.mutants.mutant import READER, TFJS, Ground, Mutant

UINT8 = "tfjs-uint8"


def on_shard(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Ground], None]:
    """A fault of the float32 values in the model's only shard."""

    def seed(ground: Ground) -> None:
        (shard,) = (ground.lab.bundle / "variants" / TFJS).glob("*.bin")
        values = np.frombuffer(shard.read_bytes(), np.float32).copy()
        name = shard.relative_to(ground.lab.bundle).as_posix()
        ground.lab.rewrite(name, change(values).tobytes())

    return seed


def on_model(change: Callable[[dict[str, Any]], None], variant: str = TFJS) -> Any:
    """A fault of `model.json`."""

    def seed(ground: Ground) -> None:
        name = f"variants/{variant}/model.json"
        before = (ground.lab.bundle / name).read_bytes()
        document = json.loads(before)
        change(document)
        after = json.dumps(document, separators=(",", ":")).encode()
        assert json.loads(after) != json.loads(before)
        ground.lab.rewrite(name, after)

    return seed


def of_another_model(ground: Ground) -> None:
    """A shard of the same size, of the same network with other weights."""
    rng = np.random.default_rng(3)
    on_shard(lambda values: np.concatenate([values[:3], rng.permutation(values[3:])]))(ground)


def largest_negated(values: np.ndarray) -> np.ndarray:
    values[int(np.abs(values).argmax())] *= -1
    return values


def weights_reordered(document: dict[str, Any]) -> None:
    """Two neighbours of one group are listed in the other order: both read the other's bytes."""
    weights = document["weightsManifest"][0]["weights"]
    weights[-1], weights[-2] = weights[-2], weights[-1]


def nodes(document: dict[str, Any], operation: str) -> list[dict[str, Any]]:
    return [n for n in document["modelTopology"]["node"] if n["op"] == operation]


def activation_dropped(document: dict[str, Any]) -> None:
    strings = nodes(document, "_FusedConv2D")[0]["attr"]["fused_ops"]["list"]["s"]
    assert len(strings) == 2
    strings.pop()


def softmax_renamed(document: dict[str, Any]) -> None:
    nodes(document, "Softmax")[0]["op"] = "Sigmoid"


def stride_changed(document: dict[str, Any]) -> None:
    for node in nodes(document, "FusedDepthwiseConv2dNative"):
        if node["attr"]["strides"]["list"]["i"][1] in ("2", 2):
            node["attr"]["padding"]["s"] = "VkFMSUQ="  # VALID


def quantised(document: dict[str, Any]) -> list[dict[str, Any]]:
    entries = document["weightsManifest"][0]["weights"]
    return [e["quantization"] for e in entries if "quantization" in e]


def minimum_off(document: dict[str, Any]) -> None:
    quantised(document)[2]["min"] += 0.2


def scale_off(document: dict[str, Any]) -> None:
    for entry in quantised(document):
        entry["scale"] *= 1.2


def scale_slightly_off(document: dict[str, Any]) -> None:
    quantised(document)[3]["scale"] *= 1.02


def mutant(
    name: str, change: str, gate: str, seed: Callable[[Ground], None], variant: str = TFJS
) -> Mutant:
    return Mutant(f"tfjs-{name}", change, gate, seed, variant, (READER,))


MUTANTS = (
    mutant("sign", "the largest weight has the other sign", "relative", on_shard(largest_negated)),
    mutant("other-shard", "the shard is another model's", "relative", of_another_model),
    mutant(
        "weight-order",
        "two weights are listed in the wrong order",
        "relative",
        on_model(weights_reordered),
    ),
    mutant("activation", "a fused activation is missing", "relative", on_model(activation_dropped)),
    mutant("operation", "Softmax is named Sigmoid", "relative", on_model(softmax_renamed)),
    mutant("padding", "SAME is VALID in one layer", "relative", on_model(stride_changed)),
    mutant("short-shard", "the shard is 4 bytes short", "runs", on_shard(lambda v: v[:-1])),
    mutant(
        "minimum",
        "the minimum of one quantised weight is off",
        "noise",
        on_model(minimum_off, UINT8),
        UINT8,
    ),
    mutant(
        "scale", "quantised weights are scaled by 1.2", "noise", on_model(scale_off, UINT8), UINT8
    ),
    mutant(
        "scale-1.02",
        "one quantised weight is scaled by 1.02",
        "weights",
        on_model(scale_slightly_off, UINT8),
        UINT8,
    ),
)
