"""Choices of variants that this machine remembers: small JSON files below $XDG_CACHE_HOME."""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeproof.edge.bundle import MANIFEST, Bundle
from edgeproof.edge.schema import SchemaError, from_json, to_json


@dataclass(frozen=True)
class Circumstances:
    """What a choice depends on; under any other circumstances it is made anew.

    Attributes:
        board: `board_id()`.
        runtime, version: what executes the variants.
        threads: that one inference uses.
        bundle_sha256: of `bundle.json`, which holds the hashes of everything else.
        rules: the version of the rules of choosing and of the golden check's limits.
    """

    board: str
    runtime: str
    version: str
    threads: int
    bundle_sha256: str
    rules: int = 1


@dataclass(frozen=True)
class Choice:
    """A variant, and what is to be said whenever it is taken.

    Attributes:
        warnings: a sentence for each variant that does not give its golden answers here.
    """

    variant: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Record:
    circumstances: Circumstances
    choice: Choice


def bundle_sha256(bundle: Bundle) -> str:
    """The identity of a bundle: the hash of its manifest."""
    return hashlib.sha256((bundle.folder / MANIFEST).read_bytes()).hexdigest()


def remembered(circumstances: Circumstances) -> Choice | None:
    """The choice that was made under these circumstances; None where there is none.

    Raises:
        ValueError: what lies there is none, as a clause.
        OSError: it cannot be read.
    """
    path = _path(circumstances)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        record = from_json(_Record, json.loads(content))
    except (SchemaError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if record.circumstances != circumstances:
        raise ValueError(f"{path} was made under other circumstances")
    return record.choice


def remember(circumstances: Circumstances, choice: Choice) -> None:
    """Write it down, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path = _path(circumstances)
    path.parent.mkdir(parents=True, exist_ok=True)
    document: Any = to_json(_Record(circumstances, choice))
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".partial", delete=False) as file:
        try:
            json.dump(document, file)
            file.close()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _path(circumstances: Circumstances) -> Path:
    key = json.dumps(to_json(circumstances), sort_keys=True).encode()
    return _cache_folder() / f"variant-{hashlib.sha256(key).hexdigest()[:32]}.json"


def _cache_folder() -> Path:
    """As the XDG base directory specification has it: a relative path does not count.

    Raises:
        OSError: this user has no home.
    """
    stated = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(stated):
        return Path(stated, "edgeproof")
    try:
        return Path.home() / ".cache" / "edgeproof"
    except RuntimeError as error:
        raise OSError(str(error)) from error
