"""Wrong names for right answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.parity.mutants.mutant import FLOAT, READER, TFJS, Ground, Mutant
from tests.parity.mutants.tflite_edits import label_lines, with_label_lines

METADATA = f"variants/{TFJS}/metadata.json"


def swapped(labels: list[str]) -> None:
    labels[3], labels[8] = labels[8], labels[3]


def renamed(labels: list[str]) -> None:
    labels[3] = "three"


def shifted(labels: list[str]) -> None:
    labels.append(labels.pop(0))


def one_missing(labels: list[str]) -> None:
    del labels[-1]


def in_manifest(change: Callable[[list[str]], None]) -> Callable[[Ground], None]:
    def seed(ground: Ground) -> None:
        def edit(manifest: dict[str, Any]) -> None:
            change(manifest["labels"])

        ground.lab.change_manifest(edit)

    return seed


def in_tflite(change: Callable[[list[str]], None]) -> Callable[[Ground], None]:
    def seed(ground: Ground) -> None:
        name = f"variants/{FLOAT}/model.tflite"
        content = (ground.lab.bundle / name).read_bytes()
        lines = label_lines(content)
        change(lines)
        model = content[: content.index(b"PK\x03\x04")]
        ground.lab.rewrite(name, with_label_lines(model, lines))

    return seed


def in_metadata(change: Callable[[list[str]], None]) -> Callable[[Ground], None]:
    def seed(ground: Ground) -> None:
        document = json.loads((ground.lab.bundle / METADATA).read_bytes())
        change(document["labels"])
        ground.lab.rewrite(METADATA, json.dumps(document).encode())

    return seed


def everywhere(ground: Ground) -> None:
    """Consistent in the whole bundle: only who trained it can tell."""
    in_manifest(swapped)(ground)
    for variant in ("float32", "float16", "dynamic-int8", "int8", "int16x8"):
        name = f"variants/tflite-{variant}/model.tflite"
        content = (ground.lab.bundle / name).read_bytes()
        lines = label_lines(content)
        swapped(lines)
        model = content[: content.index(b"PK\x03\x04")]
        ground.lab.rewrite(name, with_label_lines(model, lines))
    for path in sorted((ground.lab.bundle / "variants").glob("*/metadata.json")):
        document = json.loads(path.read_bytes())
        swapped(document["labels"])
        name = path.relative_to(ground.lab.bundle).as_posix()
        ground.lab.rewrite(name, json.dumps(document).encode())


def mutant(name: str, change: str, seed: Callable[[Ground], None], **options: Any) -> Mutant:
    return Mutant(f"labels-{name}", change, options.pop("gate", "labels"), seed, **options)


MUTANTS = (
    mutant("swapped", "two labels are swapped in bundle.json", in_manifest(swapped)),
    mutant("renamed", "one label is renamed in bundle.json", in_manifest(renamed)),
    mutant("shifted", "all labels are shifted by one in bundle.json", in_manifest(shifted)),
    mutant(
        "missing",
        "one label is missing in bundle.json",
        in_manifest(one_missing),
        gate="expected labels 0 to 8",
        refused=True,
    ),
    mutant("tflite-swapped", "two labels are swapped in the .tflite", in_tflite(swapped)),
    mutant("tflite-missing", "one label is missing in the .tflite", in_tflite(one_missing)),
    mutant(
        "tfjs-swapped",
        "two labels are swapped in metadata.json",
        in_metadata(swapped),
        variant=TFJS,
        runtimes=(READER,),
    ),
    mutant(
        "everywhere",
        "two labels are swapped in every file alike; the run is at hand",
        everywhere,
        with_source=True,
    ),
)
