"""Faults that the reader refuses before anything runs: hashes, sizes, schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.parity.mutants.mutant import FLOAT, Ground, Mutant

MODEL = f"variants/{FLOAT}/model.tflite"


def on_file(name: str, change: Callable[[bytearray], None]) -> Callable[[Ground], None]:
    """A fault of a file's bytes; the manifest keeps the hash of the right ones."""

    def seed(ground: Ground) -> None:
        path = ground.lab.bundle / name
        content = bytearray(path.read_bytes())
        change(content)
        path.write_bytes(content)

    return seed


def bit_turned(content: bytearray) -> None:
    content[len(content) // 2] ^= 1


def cut(content: bytearray) -> None:
    del content[-1]


def missing(ground: Ground) -> None:
    (ground.lab.bundle / MODEL).unlink()


def other_variant(ground: Ground) -> None:
    other = ground.lab.bundle / "variants/tflite-float16/model.tflite"
    (ground.lab.bundle / MODEL).write_bytes(other.read_bytes())


def in_manifest(change: Callable[[dict[str, Any]], None]) -> Callable[[Ground], None]:
    return lambda ground: ground.lab.change_manifest(change)


def mutant(name: str, change: str, words: str, seed: Callable[[Ground], None]) -> Mutant:
    return Mutant(f"integrity-{name}", change, words, seed, refused=True)


MUTANTS = (
    mutant(
        "bit", "one bit of the model", "was altered: expected SHA-256", on_file(MODEL, bit_turned)
    ),
    mutant(
        "cut",
        "the model's last byte is missing",
        "was altered: expected .* bytes",
        on_file(MODEL, cut),
    ),
    mutant("missing", "the model is missing", "got no such file", missing),
    mutant("other-file", "another variant's file", "was altered", other_variant),
    mutant(
        "golden-bit",
        "one bit of a golden output",
        "was altered: expected SHA-256",
        on_file("golden/outputs.npy", bit_turned),
    ),
    mutant(
        "negative-size",
        "a picture 0 pixels high",
        "height: expected 1 to 8192",
        in_manifest(lambda m: m["input"].update(height=0)),
    ),
    mutant(
        "unknown-fit",
        "a fit that does not exist",
        "fit",
        in_manifest(lambda m: m["input"].update(fit="cover")),
    ),
    mutant("no-labels", "labels are no list", "labels", in_manifest(lambda m: m.update(labels=3))),
)
