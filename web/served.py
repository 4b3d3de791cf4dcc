"""The bundles that one server offers, by the names they have in URLs."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeproof.edge.bundle import MANIFEST, Bundle
from edgeproof.edge.manifest import Variant
from edgeproof.web.errors import WebError

# what verification writes beside the manifest
_REPORTS = ("report.json", "report.html")


@dataclass(frozen=True)
class ServedBundle:
    """A bundle under its name in URLs, with the only files of it that are given out."""

    name: str
    bundle: Bundle
    files: frozenset[str]

    @property
    def page_variants(self) -> tuple[Variant, ...]:
        """The variants that browsers run."""
        variants = self.bundle.manifest.variants
        return tuple(v for v in variants if v.format in ("tfjs", "tfjs-layers"))

    def summary(self) -> dict[str, Any]:
        """What the page needs to offer a choice before it loads a manifest."""
        manifest = self.bundle.manifest
        return {
            "name": self.name,
            "title": manifest.name,
            "task": manifest.task,
            "labels": len(manifest.labels),
            "variants": [{"id": v.id, "bytes": v.bytes} for v in self.page_variants],
            "report": (self.bundle.folder / "report.html").is_file(),
        }


def served_bundles(folders: Iterable[Path]) -> dict[str, ServedBundle]:
    """Open the bundles and name each after its folder.

    Raises:
        BundleError: one is not a bundle.
        WebError: one has no variant for browsers, or two have the same name.
    """
    found: dict[str, ServedBundle] = {}
    for folder in folders:
        bundle = Bundle.open(folder)
        name = folder.resolve().name
        if name in found:
            raise WebError(
                f"expected bundle folders of different names, got {name} twice "
                f"({found[name].bundle.folder} and {folder}); rename one"
            )
        listed = (entry.path for entry in bundle.manifest.all_files())
        served = ServedBundle(name, bundle, frozenset((MANIFEST, *_REPORTS, *listed)))
        if not served.page_variants:
            ids = ", ".join(v.id for v in bundle.manifest.variants)
            raise WebError(
                f"expected a variant for browsers (tfjs-*) in {folder}, got {ids}; "
                "convert with --variants tfjs-float32"
            )
        found[name] = served
    if not found:
        raise WebError("expected at least one bundle to serve, got none")
    return found
