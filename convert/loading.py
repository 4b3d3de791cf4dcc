"""Loading a Keras file: by Keras 3, else by tf-keras; with the user's own code where named."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeproof.convert.errors import ConvertError
from edgeproof.edge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras

    from edgeproof.convert.source import ModelSource

Note = Callable[[str], None]


def custom_objects(names: Sequence[str]) -> dict[str, Any]:
    """Import the classes and functions that the user named as `module:Class`.

    Modules are looked for in the working directory too, as `python -m` does.

    Raises:
        UsageError: not of that form.
        ConvertError: no such module or name in it.
    """
    found: dict[str, Any] = {}
    if names and "" not in sys.path:
        sys.path.insert(0, "")
    for text in names:
        module, colon, name = text.partition(":")
        if not (module and colon and name):
            raise UsageError(f"expected module:Class for --custom-objects, got {text!r}")
        try:
            found[name] = getattr(importlib.import_module(module), name)
        except ImportError as error:
            raise ConvertError(
                f"expected a Python module that can be imported for --custom-objects, got "
                f"{module}: {error}; run the command where it lies, or install it"
            ) from error
        except AttributeError as error:
            raise ConvertError(
                f"expected {name} in the module {module} for --custom-objects, got none"
            ) from error
    return found


def load(
    source: ModelSource, objects: dict[str, Any], note: Note, *, trust_lambda: bool
) -> keras.Model:
    """The model of a `.keras` or HDF5 file, uncompiled.

    Raises:
        ConvertError: neither Keras can read it.
    """
    import keras

    def by(package: Any, path: Path) -> keras.Model:
        return package.models.load_model(
            path, custom_objects=objects, compile=False, safe_mode=not trust_lambda
        )

    with _named_for_keras(source) as path:
        try:
            model = by(keras, path)
            if _has_other_hard_sigmoid(source):
                note(
                    f"{source.model.name} was saved by Keras 2, whose hard_sigmoid is not Keras "
                    "3's: its answers here may differ from those it was trained with"
                )
            return model
        except Exception as error:
            # Keras raises whatever its layers' constructors raise for a configuration they do not
            # know (TypeError, ValueError, KeyError, AttributeError, NotImplementedError, ...)
            # or for a class, such as TFOpLambda, that only Keras 2 has
            if _is_unsafe(error) or not _is_installed("tf_keras"):
                raise ConvertError(_why_not_loaded(source, error)) from error
            first = error
        try:
            model = by(importlib.import_module("tf_keras"), path)
        except Exception as error:
            telling = error if _unknown_class(error) else first
            raise ConvertError(_why_not_loaded(source, telling)) from error
    version = importlib.metadata.version("tf-keras")
    note(f"Keras 3 cannot read {source.model.name}: it was loaded with tf-keras {version}")
    return model


@contextmanager
def _named_for_keras(source: ModelSource) -> Iterator[Path]:
    """The file under a name from which Keras tells its format."""
    suffixes = (".h5", ".hdf5") if source.kind == "hdf5" else (".keras",)
    if source.model.suffix in suffixes:
        yield source.model
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / f"model{suffixes[0]}"
        link.symlink_to(source.model.absolute())
        yield link


def _has_other_hard_sigmoid(source: ModelSource) -> bool:
    """Is it a file of Keras 1 or 2 with clip(0.2x + 0.5, 0, 1), which Keras 3 reads otherwise?

    Keras 3 computes relu6(x + 3) / 6 under the same name. Keras 1 and 2 gave it to recurrent layers
    by default, until TensorFlow 2.
    """
    if source.kind != "hdf5" or '"hard_sigmoid"' not in json.dumps(source.config):
        return False
    import h5py

    with h5py.File(source.model, "r") as file:
        version = file.attrs.get("keras_version", "1")
    return not (version.decode() if isinstance(version, bytes) else str(version)).startswith("3")


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _unknown_class(error: Exception) -> str | None:
    """The custom class that Keras misses, if that is what it says."""
    unknown = re.search(
        r"(?:Could not locate class|Unknown layer:?|Could not locate function) '([^']+)'",
        str(error),
    )
    return None if unknown is None else unknown.group(1)


def _is_unsafe(error: Exception) -> bool:
    """Did Keras refuse to run code that lies in the file?"""
    return "unsafe" in str(error) and "ambda" in str(error)


def _why_not_loaded(source: ModelSource, error: Exception) -> str:
    unknown = _unknown_class(error)
    if unknown is not None and source.kind == "hdf5" and not _is_installed("tf_keras"):
        return (
            f"{source.path}: Keras 3 has no layer class {unknown!r}; if it is one of Keras 2, "
            "pip install 'edgeproof[legacy]', whose tf-keras reads such files; if it is yours, "
            f"name it with --custom-objects module:{unknown}"
        )
    if unknown is not None:
        return (
            f"{source.path}: the layer class {unknown!r} is custom code, which is not in the file; "
            f"name yours with --custom-objects module:{unknown}, or rebuild the model from "
            "built-in layers and save it again"
        )
    if _is_unsafe(error):
        return f"{source.path}: it holds Python code, which is run only with --trust-lambda"
    if source.kind == "hdf5" and not _is_installed("tf_keras"):
        return (
            f"{source.path}: Keras 3 cannot read this HDF5 model ({sentence(error)}); "
            "pip install 'edgeproof[legacy]', whose tf-keras reads files of Keras 1 and 2"
        )
    return f"{source.path}: Keras cannot load this model: {sentence(error)}"


def sentence(error: Exception) -> str:
    """Keras' own reason: it stands behind the whole configuration, which nobody wants to read."""
    reason = str(error).rpartition("Exception encountered: ")[2]
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    return lines[0][:300].rstrip(".") if lines else type(error).__name__
