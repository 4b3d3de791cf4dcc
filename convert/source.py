"""What the user points at: found, recognised and checked before TensorFlow is imported."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.tensorflow_calls import refused_call
from edgeproof.convert.zoo import is_name, place_of, zoo
from edgeproof.edge.deployment import Deployment
from edgeproof.edge.schema import SchemaError, from_json

SourceKind = Literal["keras", "hdf5", "saved-model"]
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True)
class ModelSource:
    """A stored model that looks like what it claims to be.

    Attributes:
        path: what the user named.
        model: the model's file, or the SavedModel folder.
        config: the stored architecture as JSON; None for a SavedModel.
        run: the run folder, if it is one.
        deployment: what training stated about the model; None outside run folders.
        recipe, seed: of the run.
        zoo: its name, if it came with an installed package.
    """

    path: Path
    model: Path
    kind: SourceKind
    config: dict[str, Any] | None = None
    run: Path | None = None
    deployment: Deployment | None = None
    recipe: str | None = None
    seed: int | None = None
    zoo: str | None = None


def find_source(given: str | os.PathLike[str], *, trust_lambda: bool = False) -> ModelSource:
    """Recognise a run folder, a `.keras`, `.h5` or `.hdf5` file, a SavedModel folder, or a name of
    the zoo where no such path exists.

    Raises:
        ConvertError: missing, of another kind, damaged, or weights without an architecture.
    """
    path, name = place_of(given)
    if name is not None:
        return dataclasses.replace(_checked(_run_folder(path), trust_lambda), zoo=name)
    if path.is_file():
        return _checked(_model_file(path), trust_lambda)
    if (path / "saved_model.pb").is_file():
        return ModelSource(path, path, "saved-model")
    if (path / "config.json").is_file():
        return _checked(_run_folder(path), trust_lambda)
    hint = ""
    if is_name(given) and path.name in zoo():
        hint = f"; for the {path.name} of the zoo, call from a folder that holds no {path.name}"
    raise ConvertError(
        "expected a run folder (config.json, model.keras) or a SavedModel folder "
        f"(saved_model.pb), got {path}, which holds neither{hint}"
    )


def source_sha256(path: Path) -> str:
    """SHA-256 of a file, or of a folder's sorted relative paths and contents."""
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
        return digest.hexdigest()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{source_sha256(file)}\n".encode())
    return digest.hexdigest()


def _run_folder(path: Path) -> ModelSource:
    config = path / "config.json"
    if not (path / "model.keras").is_file():
        raise ConvertError(
            f"expected model.keras in the run folder {path}, got none; "
            "train it again with: edgeproof train RECIPE -o RUN"
        )
    try:
        document = json.loads(config.read_bytes())
        if not isinstance(document, dict):
            raise SchemaError("top level: expected an object")
        deployment = from_json(Deployment, document.get("deployment"), "deployment")
        recipe = from_json(str, document.get("recipe"), "recipe")
        seed = from_json(int, document.get("seed"), "seed")
    except ValueError as error:
        raise ConvertError(f"{config} is not a run's configuration: {error}") from error
    stored = _model_file(path / "model.keras")
    return ModelSource(
        path, stored.model, stored.kind, stored.config, path, deployment, recipe, seed
    )


def _model_file(path: Path) -> ModelSource:
    with path.open("rb") as stream:
        magic = stream.read(8)
    # HDF5 files that are named .keras are common: Keras 2 wrote them without a word
    if magic == _HDF5_MAGIC:
        source = ModelSource(path, path, "hdf5", _hdf5_config(path))
    elif magic.startswith(_ZIP_MAGIC):
        source = ModelSource(path, path, "keras", _keras_config(path))
    else:
        raise ConvertError(
            "expected a Keras model (.keras, .h5, .hdf5, a SavedModel or run folder), "
            f"got {path}, which starts with {magic!r}"
        )
    return source


def _checked(source: ModelSource, trust_lambda: bool) -> ModelSource:
    if not trust_lambda:
        _refuse_stored_code(source)
    return source


def _keras_config(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                raise ConvertError(f"{path} is damaged: {damaged} in it fails its checksum")
            if "config.json" not in archive.namelist():
                raise ConvertError(
                    f"expected a .keras archive with config.json, got {path}, a zip file with "
                    f"{', '.join(archive.namelist()[:3]) or 'nothing'}"
                )
            return _architecture(path, archive.read("config.json"))
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ConvertError(
            f"{path} is damaged or incomplete: {error}; copy or save the model again"
        ) from error


def _hdf5_config(path: Path) -> dict[str, Any]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            stored = file.attrs.get("model_config")
    except OSError as error:
        raise ConvertError(
            f"{path} is damaged or incomplete: {error}; copy or save the model again"
        ) from error
    if stored is None:
        raise ConvertError(
            f"expected a whole model, got {path}, which holds weights without an architecture; "
            "build the model, load_weights, and model.save it"
        )
    return _architecture(path, stored)


def _architecture(path: Path, text: str | bytes) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except ValueError as error:
        raise ConvertError(f"{path}: its stored architecture is not JSON: {error}") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise ConvertError(f"{path}: expected a stored Keras model, got another JSON document")
    model = config.get("config")
    if isinstance(model, dict) and model.get("output_layers") in ([], {}):
        raise ConvertError(
            f"expected a model with at least one output, got none in {path}; "
            "build it with keras.Model(inputs, outputs) and save it again"
        )
    return config


def _refuse_stored_code(source: ModelSource) -> None:
    """Lambda layers and pickled functions are programs of whoever made the file.

    Raises:
        ConvertError: naming the layer.
    """
    for class_name, config in _stored_objects(source.config):
        name = str(config.get("name", "")) if isinstance(config, dict) else ""
        call = refused_call(class_name, config)
        if call is not None:
            raise ConvertError(
                f"{source.path}: the layer {name!r} calls TensorFlow's {call}, which is not known "
                "to compute from tensors alone; save the model without it, or give --trust-lambda "
                "if you know where the file comes from"
            )
        if class_name == "Lambda":
            raise ConvertError(
                f"{source.path}: the Lambda layer {name!r} holds Python code, which is not run; "
                "replace it by a built-in layer such as Rescaling or keras.ops and save again, or "
                "give --trust-lambda if you know where the file comes from"
            )
        if class_name == "__lambda__":
            raise ConvertError(
                f"{source.path}: a stored lambda function is Python code, which is not run; "
                "replace it by a named Keras function and save again, or give --trust-lambda if "
                "you know where the file comes from"
            )


def _stored_objects(value: Any) -> Iterator[tuple[str, Any]]:
    """Every `class_name` of a stored configuration with its object's own configuration."""
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str):
            yield value["class_name"], value.get("config")
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _stored_objects(item)
