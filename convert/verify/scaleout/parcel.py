"""What a worker needs to run one variant on one runtime, as bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeproof.convert.verify.errors import RuntimeFailed
from edgeproof.convert.verify.runtimes.registry import SOURCE_VARIANT
from edgeproof.convert.verify.source import recorded_source, with_source
from edgeproof.edge.bundle import MANIFEST, Bundle

Files = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Parcel:
    """A part of a bundle: the manifest, and the files of one variant.

    Attributes:
        runtime, variant: what a worker is to start and to open.
        files: paths inside the bundle with their bytes.
        model: the source model's file, or all files of its folder; empty for variants.
        digest: tells parcels apart.
    """

    runtime: str
    variant: str
    files: Files
    model: Files
    digest: str

    def unpack(self, folder: Path) -> Bundle:
        """Write it below an empty folder; whoever opens the variant checks its SHA-256."""
        place, source = folder / "bundle", folder / "source"
        _write(self.files, place)
        _write(self.model, source)
        bundle = Bundle.open(place)
        if not self.model:
            return bundle
        return with_source(bundle, source / PurePosixPath(self.model[0][0]).parts[0])


def packed(bundle: Bundle, runtime: str, variant: str | None) -> Parcel:
    """The parcel for a variant, for the source model, or without either.

    Raises:
        BundleError: a file is missing or altered.
        RuntimeFailed: the source model is not where the bundle says.
    """
    manifest = (bundle.folder / MANIFEST).read_bytes()
    files: Files = ((MANIFEST, manifest),)
    model: Files = ()
    if variant == SOURCE_VARIANT:
        model = _model_files(bundle)
    elif variant is not None:
        files += tuple((entry.path, bundle.read(entry)) for entry in bundle.variant(variant).files)
    # the manifest states the SHA-256 of all the rest
    digest = hashlib.sha256(f"{runtime}\0{variant}\0".encode() + manifest).hexdigest()
    return Parcel(runtime, variant or "", files, model, digest)


def _model_files(bundle: Bundle) -> Files:
    source = recorded_source(bundle)
    if source.model is None:
        raise RuntimeFailed(f"{source.reason}")
    model = source.model.model
    paths = [model] if model.is_file() else sorted(p for p in model.rglob("*") if p.is_file())
    return tuple((p.relative_to(model.parent).as_posix(), p.read_bytes()) for p in paths)


def _write(files: Files, folder: Path) -> None:
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
