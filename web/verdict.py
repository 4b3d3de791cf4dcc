"""What verification said of a bundle, as the gallery shows it: read from its `report.json`."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgeproof.edge.manifest import Variant

REPORT = "report.json"
# passed, failed: every gate held or not. outdated: about another version of the bundle
State = Literal["passed", "failed", "outdated", "unreadable", "none"]

# a report of all runtimes is 0.3 MB
_LIMIT_BYTES = 16 * 2**20
# whose accuracy stands for a variant: what visitors' browsers run, else the device's runtime
_RUNTIMES = ("tfjs-wasm", "tfjs-webgl", "tfjs-webgpu", "tfjs-cpu", "litertjs-wasm", "litert")


@dataclass(frozen=True)
class Accuracy:
    """Share of right answers with its 95 % interval, all 0 to 1, of `n` held-out images."""

    value: float
    low: float
    high: float
    n: int
    runtime: str


@dataclass(frozen=True)
class Verdict:
    """What is known of a bundle. Nothing is, unless its report is about this very manifest.

    Attributes:
        accuracy: by variant; only those that were measured.
        images: where the labelled images come from; None where there were none.
    """

    state: State
    accuracy: dict[str, Accuracy]
    images: str | None = None


class _Misfit(ValueError):
    """The report is not what verification writes."""


def verdict_of(folder: Path, manifest_sha256: str, variants: tuple[Variant, ...]) -> Verdict:
    """The verdict on these variants of a bundle; the report is hostile input like all of it.

    Args:
        manifest_sha256: of the bundle's manifest, 64 hexadecimal digits or the start of them.
    """
    path = folder / REPORT
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return Verdict("none", {})
    try:
        report = _document(path)
        if not _text(report, "bundle", "manifest_sha256").startswith(manifest_sha256):
            return Verdict("outdated", {})
        passed = _field(report, bool, "passed")
        ids = {variant.id for variant in variants}
        found: dict[str, Accuracy] = {}
        for row in _field(report, list, "rows"):
            variant, runtime = _text(row, "variant"), _text(row, "runtime")
            if variant not in ids or runtime not in _RUNTIMES:
                continue
            if _field(row, dict, "cost").get("accuracy") is None:
                continue
            accuracy = _accuracy(row, runtime)
            if variant not in found or _rank(accuracy) < _rank(found[variant]):
                found[variant] = accuracy
        images = _text(report, "data", "source") if report.get("data") is not None else None
    except (_Misfit, OSError, RecursionError):
        return Verdict("unreadable", {})
    return Verdict("passed" if passed else "failed", found, images)


def _document(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _LIMIT_BYTES:
        raise _Misfit(f"expected a report under {_LIMIT_BYTES:,} bytes")
    try:
        report = json.loads(path.read_bytes())
    except ValueError as error:  # UnicodeDecodeError is one too
        raise _Misfit(str(error)) from error
    if not isinstance(report, dict):
        raise _Misfit("expected an object")
    return report


def _accuracy(row: dict[str, Any], runtime: str) -> Accuracy:
    where = ("cost", "accuracy")
    value, low, high = (_share(row, *where, name) for name in ("value", "low", "high"))
    n = _field(row, int, *where, "n")
    if not low <= value <= high or n < 1:
        raise _Misfit("expected an accuracy within its interval")
    return Accuracy(value, low, high, n, runtime)


def _rank(accuracy: Accuracy) -> int:
    return _RUNTIMES.index(accuracy.runtime)


def _share(value: Any, *names: str) -> float:
    found = _field(value, (int, float), *names)
    if isinstance(found, bool) or not math.isfinite(found) or not 0 <= found <= 1:
        raise _Misfit(f"{'.'.join(names)}: expected a share")
    return float(found)


def _text(value: Any, *names: str) -> str:
    found: str = _field(value, str, *names)
    return found


def _field(value: Any, kind: type | tuple[type, ...], *names: str) -> Any:
    for name in names:
        if not isinstance(value, dict) or name not in value:
            raise _Misfit(f"{'.'.join(names)}: expected it, got none")
        value = value[name]
    if not isinstance(value, kind):
        raise _Misfit(f"{'.'.join(names)}: expected another kind")
    return value
