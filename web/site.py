"""The page as plain files, for any web host: the server's work done once, ahead of all visitors."""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from edgeproof.edge.output_folder import check_output, whole_folder
from edgeproof.web import policies
from edgeproof.web.built_page import BuiltPage
from edgeproof.web.compressed import COMPRESSIBLE, SUFFIXES, compressed
from edgeproof.web.offers import offer_of
from edgeproof.web.page_build import PARTS, STAMP
from edgeproof.web.served import REPORTS, ServedBundle, served_bundles

MARKER = "bundles.json"
# beside the built parts; the sources of both stay at home
_LOOSE = ("app.webmanifest", "icon.svg", "icons/*.png")


@dataclass(frozen=True)
class WrittenSite:
    """What lies in the folder: how many files there are, not counting compressed copies."""

    folder: Path
    bundles: tuple[str, ...]
    files: int
    bytes: int


def write_site(bundles: Sequence[Path], output: Path, *, force: bool = False) -> WrittenSite:
    """Write the page and the bundles' browser files into a new folder, with compressed copies.

    Raises:
        BundleError, WebError, PageNotBuilt: as `create_app`.
        OutputError: the folder cannot be written.
    """
    check_output(output, force=force, marker=MARKER)
    page = BuiltPage.open()
    served = served_bundles(bundles)
    for one in served.values():
        one.bundle.check_all()
    offers = [offer_of(one) for one in served.values()]
    with whole_folder(output, force=force, marker=MARKER) as folder:
        for name in ("index.html", "verify.html"):
            (folder / name).write_bytes(_stating_its_policy(page.document(name, offers)))
        (folder / MARKER).write_text(json.dumps(offers, ensure_ascii=False), encoding="utf-8")
        shutil.copy(page.folder / "sw.js", folder / "sw.js")
        static = folder / "static" / page.version
        for part in PARTS:
            shutil.copytree(page.folder / part.folder, static / part.folder, ignore=_stamp)
        for path in (found for pattern in _LOOSE for found in page.folder.glob(pattern)):
            copy = static / path.relative_to(page.folder)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)
        for one in served.values():
            _copy_bundle(one, folder / "bundles" / one.name / one.version)
        _compress(folder)
        plain = list(_plain_files(folder))
        size = sum(path.stat().st_size for path in plain)
    return WrittenSite(output, tuple(served), len(plain), size)


def _stating_its_policy(document: bytes) -> bytes:
    charset = b'<meta charset="utf-8">'
    stated = (
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policies.DOCUMENT)}">'
    ).encode()
    if document.count(charset) != 1:
        raise ValueError("expected one <meta charset> in the document, to put the policy after")
    return document.replace(charset, charset + b"\n  " + stated)


def _after_doctype(document: bytes, policy: str) -> bytes:
    """The document with a policy before anything that could run: it needs no head of its own."""
    doctype = re.match(rb"\s*<!doctype html>", document, re.IGNORECASE)
    end = doctype.end() if doctype else 0
    stated = f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'.encode()
    return document[:end] + stated + document[end:]


_stamp = shutil.ignore_patterns(STAMP)


def _copy_bundle(served: ServedBundle, target: Path) -> None:
    """What the page loads of a bundle, and its report: no int8 files, no held-out images."""
    manifest = served.bundle.manifest
    golden = manifest.golden
    card = None if manifest.card is None else manifest.card.file
    optional = (golden.file_images, golden.file_outputs, card)
    entries = [
        *(f for variant in served.page_variants for f in variant.files),
        *golden.inputs,
        *golden.outputs,
        *(g.file for g in golden.files),
        *(f for f in optional if f is not None),
    ]
    source = served.bundle.folder
    reports = [name for name in REPORTS if (source / name).is_file()]
    for path in ["bundle.json", *reports, *(entry.path for entry in entries)]:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)
    for page in target.glob("*.html"):
        # somebody made the report, and no header will keep it from running scripts as this site
        page.write_bytes(_after_doctype(page.read_bytes(), policies.REPORT))


def _compress(folder: Path) -> None:
    for path in list(_plain_files(folder)):
        if path.suffix not in COMPRESSIBLE:
            continue
        content = path.read_bytes()
        for encoding, suffix in SUFFIXES.items():
            copy = path.with_name(path.name + suffix)
            if not copy.exists() and (smaller := compressed(content, encoding, best=True)):
                copy.write_bytes(smaller)


def _plain_files(folder: Path) -> Iterator[Path]:
    suffixes = tuple(SUFFIXES.values())
    return (p for p in folder.rglob("*") if p.is_file() and not p.name.endswith(suffixes))
