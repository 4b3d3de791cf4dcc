"""Fetching a publisher's file: with a progress bar, whole or not at all."""

import hashlib
import os
import tempfile
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from edgeproof.train.data.locate import ENVIRONMENT
from edgeproof.train.errors import DownloadError
from edgeproof.train.progress import counting

_TIMEOUT_S = 30
_CHUNK_BYTES = 2**18


def fetch(url: str, target: Path, *, layout: str, md5: str | None = None) -> None:
    """Download to `target`, which appears only when it is complete and its MD5 fits.

    Args:
        layout: what a user without a network can lay out by hand, for the error message.

    Raises:
        DownloadError: no network, a refused or broken transfer, or other bytes than published.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            digest = hashlib.md5(usedforsecurity=False)
            for chunk in _chunks(url, target.name, layout):
                file.write(chunk)
                digest.update(chunk)
        if md5 is not None and digest.hexdigest() != md5:
            raise DownloadError(f"{url}: expected MD5 {md5}, got {digest.hexdigest()}; try again")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _chunks(url: str, name: str, layout: str) -> Iterator[bytes]:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:
            yield from _counted(response, name)
    except (OSError, HTTPException) as error:  # URLError is an OSError
        reason = getattr(error, "reason", None) or error
        raise DownloadError(
            f"cannot download {url} ({reason}); give --data DIR (or set {ENVIRONMENT}) "
            f"with {layout}"
        ) from error


def _counted(response: HTTPResponse, name: str) -> Iterator[bytes]:
    size = int(response.headers.get("Content-Length") or 0)
    received = 0
    with counting(f"downloading {name}", size, "bytes") as done:
        while chunk := response.read(_CHUNK_BYTES):
            received += len(chunk)
            done(len(chunk))
            yield chunk
    if size and received != size:
        raise OSError(f"expected {size:,} bytes, got {received:,}")
