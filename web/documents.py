"""The page's documents as they go over the wire, kept until what they list changes."""

import threading
from typing import Any

from edgeproof.web.built_page import BuiltPage
from edgeproof.web.compressed import compressed


class Documents:
    """`index.html` and `verify.html`, each encoding made once. Safe to use from several threads."""

    def __init__(self, page: BuiltPage) -> None:
        self._page = page
        self._offers: list[dict[str, Any]] | None = None
        self._made: dict[tuple[str, str | None], bytes] = {}
        self._lock = threading.Lock()

    def encoded(self, name: str, offers: list[dict[str, Any]], encoding: str | None) -> bytes:
        """A document that lists these offers, in an encoding of `SUFFIXES` or as it is.

        Raises:
            ValueError: the encoding does not make it smaller; every document of ours gets smaller.
        """
        with self._lock:
            if offers != self._offers:
                self._offers, self._made = offers, {}
            key = name, encoding
            if key not in self._made:
                self._made[key] = self._encoded(name, offers, encoding)
            return self._made[key]

    def _encoded(self, name: str, offers: list[dict[str, Any]], encoding: str | None) -> bytes:
        plain = self._page.document(name, offers)
        if encoding is None:
            return plain
        smaller = compressed(plain, encoding, best=True)
        if smaller is None:
            raise ValueError(f"expected {name} to get smaller by {encoding}")
        return smaller
