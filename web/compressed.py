"""Compressed copies of files: those that the build laid beside them, or made at first use."""

import gzip
import itertools
import shutil
import tempfile
import threading
import weakref
from collections import defaultdict
from pathlib import Path

# encoding -> suffix, the smaller one first
SUFFIXES = {"br": ".br", "gzip": ".gz"}
# pictures are compressed already
COMPRESSIBLE = frozenset(
    {".bin", ".css", ".html", ".js", ".json", ".npy", ".svg", ".tflite", ".wasm", ".webmanifest"}
)
# quality 5 takes 20 ms a megabyte, 11 over a second for 3 % less of a model's weights
_LIVE_QUALITY = 5
_BEST_QUALITY = 11
# float weights hardly shrink; then a plain file, of which a range may be asked for, serves better
_WORTH_IT = 0.95


def compressed(content: bytes, encoding: str, *, best: bool = False) -> bytes | None:
    """The content in an encoding of `SUFFIXES`; None where it hardly gets smaller."""
    if encoding == "br":
        import brotli

        smaller: bytes = brotli.compress(content, quality=_BEST_QUALITY if best else _LIVE_QUALITY)
    else:
        smaller = gzip.compress(content, 9 if best else 6, mtime=0)
    return smaller if len(smaller) < _WORTH_IT * len(content) else None


# a report is written again beside its bundle while the server runs
_Key = tuple[Path, int, int, str]


class CompressedCopies:
    """Copies for one server, in a folder that ends with it. Safe to use from several threads."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="edgeproof-compressed-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._copies: dict[_Key, Path | None] = {}
        self._locks: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)
        self._numbers = itertools.count()

    def of(self, path: Path, encoding: str) -> Path | None:
        """A file that holds `path` in that encoding; None where there is none worth sending."""
        if path.suffix not in COMPRESSIBLE:
            return None
        beside = path.with_name(path.name + SUFFIXES[encoding])
        if beside.is_file():
            return beside
        state = path.stat()
        key = path, state.st_mtime_ns, state.st_size, encoding
        # one thread compresses a file, and only those that want the same one wait
        with self._locks[key]:
            if key not in self._copies:
                self._copies[key] = self._made(path, encoding)
            return self._copies[key]

    def _made(self, path: Path, encoding: str) -> Path | None:
        content = compressed(path.read_bytes(), encoding)
        if content is None:
            return None
        copy = self._folder / str(next(self._numbers))
        copy.write_bytes(content)
        return copy
