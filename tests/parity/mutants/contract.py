"""A wrong input contract in `bundle.json`: the model is right and is fed wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.parity.mutants.mutant import Ground, Mutant


def changed(**fields: Any) -> Callable[[Ground], None]:
    def seed(ground: Ground) -> None:
        ground.lab.change_manifest(lambda manifest: manifest["input"].update(fields))

    return seed


def edited(change: Callable[[dict[str, Any]], None]) -> Callable[[Ground], None]:
    return lambda ground: ground.lab.change_manifest(lambda m: change(m["input"]))


def by_256(contract: dict[str, Any]) -> None:
    """The classical slip, on each channel: 1/256 in place of 1/255."""
    contract["scale"] = [s * 255 / 256 for s in contract["scale"]]


def channels_reversed(contract: dict[str, Any]) -> None:
    contract["scale"].reverse()
    contract["offset"].reverse()


def sides_swapped(contract: dict[str, Any]) -> None:
    contract["height"], contract["width"] = contract["width"], contract["height"]


def mutant(
    name: str, change: str, gate: str, seed: Callable[[Ground], None], **options: Any
) -> Mutant:
    return Mutant(f"contract-{name}", change, gate, seed, **{"model": "colour", **options})


MUTANTS = (
    mutant("by-256", "pixels are scaled by 1/256 in place of 1/255", "relative", edited(by_256)),
    mutant("no-offset", "the offset is missing", "relative", changed(offset=[0.0])),
    mutant(
        "one-step",
        "the mean is off by one grey level",
        "relative",
        changed(offset=[1.0]),
        model="digits",
    ),
    mutant("channels", "scale and offset are in BGR order", "relative", edited(channels_reversed)),
    mutant("sides", "height and width are swapped", "runs", edited(sides_swapped), isolated=True),
    mutant("crop", "the picture is cropped, not padded", "file-images", changed(fit="crop")),
    mutant(
        "stretch", "the picture is stretched, not padded", "file-images", changed(fit="stretch")
    ),
    mutant("background", "the background is black", "file-images", changed(background=[0, 0, 0])),
    mutant(
        "gray",
        "the model is fed gray pictures",
        "runs",
        changed(color="gray", scale=[1.0], offset=[0.0]),
        isolated=True,
    ),
    mutant(
        "size",
        "the manifest asks for 9 x 9 pixels of a model for 8 x 8",
        "expected at least one uint8 image of 9 x 9",
        changed(height=9, width=9),
        model="digits",
        refused=True,
    ),
)
