"""The bundles that one server offers, by the names they have in URLs."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edgeproof.edge.bundle import MANIFEST, Bundle
from edgeproof.edge.manifest import Variant
from edgeproof.web.errors import WebError

# what verification writes beside the manifest
REPORTS = ("report.json", "report.html")

# what the tensors of LiteRT.js 2.5 can hold
LITERTJS_DTYPES = frozenset({"float32", "int32", "uint8"})


def runs_in_browsers(variant: Variant) -> bool:
    """Whether an engine of the page takes the variant."""
    tensors = (*variant.inputs, *variant.outputs)
    return variant.format != "tflite" or all(t.dtype in LITERTJS_DTYPES for t in tensors)


@dataclass(frozen=True)
class ServedBundle:
    """A bundle under its name in URLs, with the only files of it that are given out.

    `version`, from the manifest's hash, stands in the address of every file, so that browsers may
    keep them for ever and a new bundle of the same name is never mixed with the old one.
    """

    name: str
    version: str
    bundle: Bundle
    files: frozenset[str]

    @property
    def page_variants(self) -> tuple[Variant, ...]:
        """The variants that browsers run, TensorFlow.js' first: they need the least code."""
        variants = self.bundle.manifest.variants
        return tuple(sorted(filter(runs_in_browsers, variants), key=lambda v: v.format == "tflite"))


def served_bundles(folders: Iterable[Path]) -> dict[str, ServedBundle]:
    """Open the bundles and name each after its folder.

    Raises:
        BundleError: one is not a bundle.
        WebError: one has no variant for browsers, or two have the same name.
    """
    found: dict[str, ServedBundle] = {}
    for folder in folders:
        name = folder.resolve().name
        served = served_bundle(folder, name)
        if name in found:
            raise WebError(
                f"expected bundle folders of different names, got {name} twice "
                f"({found[name].bundle.folder} and {folder}); rename one"
            )
        found[name] = served
    if not found:
        raise WebError("expected at least one bundle to serve, got none")
    return found


def served_bundle(folder: Path, name: str) -> ServedBundle:
    """Open one bundle, to be served under that name.

    Raises:
        BundleError: it is not a bundle.
        WebError: it has no variant for browsers.
    """
    bundle = Bundle.open(folder)
    listed = (entry.path for entry in bundle.manifest.all_files())
    served = ServedBundle(name, _version(bundle), bundle, frozenset((MANIFEST, *REPORTS, *listed)))
    if not served.page_variants:
        ids = ", ".join(v.id for v in bundle.manifest.variants)
        raise WebError(
            f"expected a variant for browsers in {folder}, got {ids}; "
            "convert with --variants tfjs-float32"
        )
    return served


def _version(bundle: Bundle) -> str:
    return hashlib.sha256((bundle.folder / MANIFEST).read_bytes()).hexdigest()[:16]
