"""Writing a bundle: the whole folder or nothing."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np

from edgeproof.convert.card import CARD
from edgeproof.convert.content import BundleContent, ConvertedVariant
from edgeproof.convert.zoo import name_in
from edgeproof.edge.bundle import MANIFEST, file_entry, manifest_to_bytes
from edgeproof.edge.manifest import (
    SCHEMA_VERSION,
    FileEntry,
    Golden,
    GoldenFile,
    HeldOut,
    Manifest,
    ModelCard,
    Output,
    Provenance,
    ReferenceAnswers,
    Variant,
)
from edgeproof.edge.output_folder import whole_folder


def write_bundle(target: Path, content: BundleContent, *, force: bool) -> Manifest:
    """Write everything to a new folder `target` and return its manifest.

    Raises:
        OutputError: `target` exists and `force` was not given, or cannot be written.
    """
    with whole_folder(target, force=force, marker=MANIFEST) as folder:
        description = content.description
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            name=description.name,
            task=description.task,
            labels=description.labels,
            input=description.contract,
            output=Output(description.scores),
            model_inputs=content.model_inputs,
            model_outputs=content.model_outputs,
            variants=tuple(_variant(folder, variant) for variant in content.variants),
            skipped=content.skipped,
            golden=_golden(folder, content),
            provenance=_relative(content.provenance, target),
            heldout=_heldout(folder, content),
            card=_card(folder, content),
        )
        (folder / MANIFEST).write_bytes(manifest_to_bytes(manifest))
    return manifest


def _relative(provenance: Provenance, target: Path) -> Provenance:
    """The source's path seen from the bundle: no machine's folders in a file that is handed on."""
    if name_in(provenance.source) is not None:
        return provenance
    source = os.path.relpath(provenance.source, target.absolute())
    return dataclasses.replace(provenance, source=Path(source).as_posix())


def _variant(folder: Path, variant: ConvertedVariant) -> Variant:
    place = f"variants/{variant.id}"
    files = tuple(
        _write(folder, f"{place}/{name}", content) for name, content in variant.files.items()
    )
    entry = f"{place}/{variant.entry}"
    reference = _reference(folder, variant)
    return Variant(variant.id, entry, files, variant.inputs, variant.outputs, reference)


def _reference(folder: Path, variant: ConvertedVariant) -> ReferenceAnswers | None:
    if variant.reference is None:
        return None
    outputs = _arrays(folder, variant.id, variant.reference.outputs)
    return ReferenceAnswers(variant.reference.rows, outputs)


def _golden(folder: Path, content: BundleContent) -> Golden:
    golden, pictures = content.golden, content.golden_pictures
    inputs = _arrays(folder, "inputs", golden.stored)
    outputs = _arrays(folder, "outputs", content.golden_outputs)
    if pictures is None:
        return Golden(golden.source, inputs, outputs)
    files = tuple(
        GoldenFile(_write(folder, f"golden/files/{p.name}", p.content), p.description)
        for p in pictures.pictures
    )
    return Golden(
        golden.source,
        inputs,
        outputs,
        files,
        _array(folder, "golden/file_images.npy", pictures.images),
        _array(folder, "golden/file_outputs.npy", pictures.outputs),
    )


def _heldout(folder: Path, content: BundleContent) -> HeldOut | None:
    held = content.heldout
    if held is None:
        return None
    return HeldOut(
        source=f"{content.provenance.recipe} test set",
        images=_array(folder, "heldout/images.npy", held.images),
        labels=_array(folder, "heldout/labels.npy", held.labels),
        total=held.total,
    )


def _card(folder: Path, content: BundleContent) -> ModelCard | None:
    card = content.card
    if card is None:
        return None
    file = None if card.text is None else _write(folder, CARD, card.text)
    return ModelCard(card.accuracy, card.notice, file)


def _arrays(folder: Path, stem: str, arrays: tuple[np.ndarray, ...]) -> tuple[FileEntry, ...]:
    """`golden/inputs.npy`, and `golden/inputs-1.npy`, ... for further tensors."""
    names = [f"golden/{stem}{f'-{index}' if index else ''}.npy" for index in range(len(arrays))]
    return tuple(_array(folder, name, array) for name, array in zip(names, arrays, strict=True))


def _array(folder: Path, name: str, array: np.ndarray) -> FileEntry:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ascontiguousarray(array), allow_pickle=False)
    return file_entry(folder, path)


def _write(folder: Path, name: str, content: bytes) -> FileEntry:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return file_entry(folder, path)
