"""Opening a bundle: the manifest is validated, and every file is hashed before it is used."""

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from edgeproof.edge.errors import BundleError, UsageError, did_you_mean
from edgeproof.edge.manifest import FileEntry, Manifest, Variant, check_version
from edgeproof.edge.schema import SchemaError, from_json, to_json

if TYPE_CHECKING:
    import numpy as np

MANIFEST = "bundle.json"
_MANIFEST_LIMIT_BYTES = 64 * 2**20  # 10,000 labels and 1,000 files make about 1 MB


class Bundle:
    """A converted model on disk. Treated as hostile input: nothing in it is executed or unpickled.

    Attributes:
        folder: the bundle's folder.
        manifest: the validated content of `bundle.json`.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def open(cls, folder: str | Path) -> "Bundle":
        """Read and validate the manifest.

        Raises:
            BundleError: no such folder, no manifest, or a manifest that does not fit the schema.
        """
        folder = Path(folder)
        path = folder / MANIFEST
        if not folder.is_dir():
            raise BundleError(
                f"expected a bundle folder, got {folder}, which does not exist"
                if not folder.exists()
                else f"expected a bundle folder, got the file {folder}"
            )
        if not path.is_file():
            raise BundleError(
                f"expected {MANIFEST} in {folder}, got none; "
                "make a bundle with: edgeproof convert MODEL -o BUNDLE"
            )
        if folder.is_symlink():
            # followed once: an update that moves the link must not mix two models
            folder = folder.resolve()
            path = folder / MANIFEST
        if path.stat().st_size > _MANIFEST_LIMIT_BYTES:
            raise BundleError(
                f"expected {path} to be under {_MANIFEST_LIMIT_BYTES:,} bytes, "
                f"got {path.stat().st_size:,}"
            )
        return cls(folder, manifest_from_bytes(path.read_bytes(), str(path)))

    def variant(self, variant_id: str) -> Variant:
        """The variant of that id.

        Raises:
            UsageError: no such variant; the nearest is suggested, or the reason it was skipped.
        """
        for variant in self.manifest.variants:
            if variant.id == variant_id:
                return variant
        for skipped in self.manifest.skipped:
            if skipped.id == variant_id:
                raise UsageError(f"{variant_id} is not in {self.folder}: {skipped.reason}")
        ids = [v.id for v in self.manifest.variants]
        raise UsageError(
            f"expected a variant of {self.folder} ({', '.join(ids)}), "
            f"got {variant_id!r}{did_you_mean(variant_id, ids)}"
        )

    def read(self, entry: FileEntry) -> bytes:
        """A file's bytes, after its size and SHA-256 were found to be those of the manifest.

        Raises:
            BundleError: missing, outside the bundle (a link), or altered.
        """
        path = self.folder / entry.path
        if not path.is_file():
            raise BundleError(f"expected {path}, got no such file; copy the bundle again")
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise BundleError(f"expected {path} inside the bundle, got a link to {path.resolve()}")
        size = path.stat().st_size
        if size != entry.bytes:
            raise BundleError(
                f"{path} was altered: expected {entry.bytes:,} bytes, got {size:,}; "
                "copy the bundle again"
            )
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest != entry.sha256:
            raise BundleError(
                f"{path} was altered: expected SHA-256 {entry.sha256}, got {digest}; "
                "copy the bundle again"
            )
        return content

    def array(self, entry: FileEntry) -> "np.ndarray":
        """A `.npy` file as an array.

        Raises:
            BundleError: as `read`, or not an array of plain numbers.
        """
        import numpy as np

        content = self.read(entry)
        try:
            return np.load(io.BytesIO(content), allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise BundleError(f"{self.folder / entry.path} is not a .npy array: {error}") from error

    def check_all(self) -> None:
        """Read every file that the manifest names. Raises BundleError for the first bad one."""
        for entry in self.manifest.all_files():
            self.read(entry)


def manifest_from_bytes(content: bytes, where: str) -> Manifest:
    """The manifest in the bytes of a `bundle.json`; `where` names it in errors.

    Raises:
        BundleError: no JSON, of another schema version, or it does not fit the schema.
    """
    try:
        document = json.loads(content)
        check_version(document)
        return from_json(Manifest, document)
    except (SchemaError, ValueError, RecursionError) as error:
        raise BundleError(f"{where} is not a valid manifest: {error}") from error


def manifest_to_bytes(manifest: Manifest) -> bytes:
    """The bytes of a manifest's `bundle.json`: the same manifest always gives the same ones."""
    text = json.dumps(to_json(manifest), indent=1, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode("utf-8", "surrogatepass")  # as json.loads decodes


def file_entry(folder: Path, path: Path) -> FileEntry:
    """The manifest's entry for a file that lies in a bundle folder."""
    content = path.read_bytes()
    return FileEntry(
        path.relative_to(folder).as_posix(), len(content), hashlib.sha256(content).hexdigest()
    )
