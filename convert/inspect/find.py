"""Which kind of thing a path is, and its description."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from edgeproof.convert.inspect.inspection import InspectError, Inspection

if TYPE_CHECKING:
    from edgeproof.edge.manifest import Manifest, Variant


def inspect_path(path: Path) -> Inspection:
    """Describe a .keras, .h5, .hdf5, .tflite or model.json file, a SavedModel, run or bundle.

    Raises:
        InspectError: nothing of that kind, or a damaged one.
        BundleError: a bundle whose manifest is not valid.
    """
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise InspectError(f"expected a model, a run or a bundle, got {path}, which does not exist")
    if path.suffix == ".tflite":
        from edgeproof.convert.inspect.tflite_file import inspect_tflite

        return inspect_tflite(str(path), path.read_bytes())
    if path.suffix == ".json":
        from edgeproof.convert.inspect.tfjs_files import inspect_tfjs

        return inspect_tfjs(path)
    if path.suffix in (".keras", ".h5", ".hdf5"):
        from edgeproof.convert.inspect.keras_file import inspect_keras

        return inspect_keras(path)
    raise InspectError(
        f"expected a .keras, .h5, .hdf5, .tflite or model.json file, a run or a bundle, got {path}"
    )


def _folder(path: Path) -> Inspection:
    if (path / "bundle.json").is_file():
        from edgeproof.edge.bundle import Bundle

        manifest = Bundle.open(path).manifest
        parts = tuple(_variant(path, variant, manifest) for variant in manifest.variants)
        size = sum(entry.bytes for entry in manifest.all_files())
        return Inspection(str(path), "bundle", size, parts=parts)
    if (path / "model.json").is_file():
        return inspect_path(path / "model.json")
    if (path / "saved_model.pb").is_file():
        from edgeproof.convert.inspect.saved_model import inspect_saved_model

        return inspect_saved_model(path)
    if (path / "model.keras").is_file():
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return Inspection(str(path), "run", size, parts=(inspect_path(path / "model.keras"),))
    raise InspectError(
        "expected a bundle (bundle.json), a run (model.keras), a SavedModel (saved_model.pb) or a "
        f"TF.js model (model.json), got {path}, which holds none"
    )


def _variant(bundle: Path, variant: Variant, manifest: Manifest) -> Inspection:
    """One of a bundle's models, with what only the manifest knows."""
    kept = [k.sentence for k in manifest.provenance.kept_float if k.variant == variant.id]
    found = inspect_path(bundle / variant.entry)
    return dataclasses.replace(found, notes=(*found.notes, *kept))
