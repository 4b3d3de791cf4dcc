"""The built page on disk: whether it is whole, its version, and its documents."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeproof.web import page_build
from edgeproof.web.errors import PageNotBuilt

STATIC = Path(__file__).parent / "static"
# what stands beside the built parts; a change of one is another version too
_SOURCES = ("index.html", "verify.html", "sw.js", "app.webmanifest", "icon.svg", "icons/*.png")
# compressed copies go out under the name of what they are copies of; a stamp is the build's own
_KEPT_BACK = frozenset({".br", ".gz", ".sha256"})
_OFFERS = '<script type="application/json" id="offers">[]</script>'


@dataclass(frozen=True)
class BuiltPage:
    """The page's files.

    Attributes:
        folder: holds `index.html` and all that it loads.
        version: stands in the address of everything but the documents, so that browsers may keep
            the files for ever and never mix those of two versions.
        files: all that is given out below the version, by its path in `folder`.
    """

    folder: Path
    version: str
    files: frozenset[str]

    @classmethod
    def open(cls) -> "BuiltPage":
        """The page of this installation.

        Raises:
            PageNotBuilt: it is missing, or older than its sources.
        """
        web = STATIC.parent
        stamps = [part.output(web) / page_build.STAMP for part in page_build.PARTS]
        if not all(stamp.is_file() for stamp in stamps):
            missing = next(stamp.parent for stamp in stamps if not stamp.is_file())
            raise PageNotBuilt(
                f"expected the built page in {missing}, got none; "
                "install edgeproof again: pip install -e '.[web]'"
            )
        if not page_build.PAGE.is_current(web):
            raise PageNotBuilt(
                f"expected the page built from {STATIC / 'js'}, got an older build; "
                "build it: python -m edgeproof.web.page_build"
            )
        digest = hashlib.sha256()
        sources = (path for name in _SOURCES for path in sorted(STATIC.glob(name)))
        for path in (*stamps, *sources):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        listed = (path.relative_to(STATIC) for path in STATIC.rglob("*") if path.is_file())
        files = frozenset(p.as_posix() for p in listed if p.suffix not in _KEPT_BACK)
        return cls(STATIC, digest.hexdigest()[:16], files)

    def document(self, name: str, offers: list[dict[str, Any]]) -> bytes:
        """`index.html` or `verify.html` with this version's addresses.

        Args:
            offers: what the page may choose from (`ServedBundle.summary`); put into the document,
                so that the page need not ask for it.
        """
        text = (self.folder / name).read_text(encoding="utf-8")
        text = text.replace('"static/', f'"static/{self.version}/')
        # a label may hold </script>: no < survives
        listed = json.dumps(offers, ensure_ascii=False).replace("<", "\\u003c")
        return text.replace(_OFFERS, _OFFERS.replace("[]", listed)).encode()
