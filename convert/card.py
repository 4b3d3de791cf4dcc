"""What a run says of its model, for the bundle to carry on: test accuracy, notice, model card."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.source import ModelSource
from edgeproof.edge.manifest import TrainedAccuracy
from edgeproof.edge.schema import SchemaError, from_json

CARD = "MODEL_CARD.md"
# those of the zoo have 4 KB
_LIMIT_BYTES = 2**20


@dataclass(frozen=True)
class CardContent:
    """As `edgeproof.edge.manifest.ModelCard`, with the card's text in place of its file."""

    accuracy: TrainedAccuracy | None
    notice: str | None
    text: bytes | None


def card_of(source: ModelSource) -> CardContent | None:
    """What the run states; None where it states nothing, or the source is no run.

    Raises:
        ConvertError: `metrics.json` or the card is not what training writes.
    """
    if source.run is None:
        return None
    notice = source.deployment.notice if source.deployment is not None else None
    content = CardContent(_accuracy(source.run / "metrics.json"), notice, _text(source.run / CARD))
    return None if content == CardContent(None, None, None) else content


def _accuracy(path: Path) -> TrainedAccuracy | None:
    if not path.is_file():
        return None
    try:
        test = _object(_object(json.loads(path.read_bytes()), "top level").get("test"), "test")
        low, high = from_json(tuple[float, ...], test.get("interval_95"), "test.interval_95")
        value = from_json(float, test.get("accuracy"), "test.accuracy")
        return TrainedAccuracy(value, low, high, from_json(int, test.get("n"), "test.n"))
    except (ValueError, RecursionError) as error:
        raise ConvertError(f"{path} is not a run's metrics: {error}") from error


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SchemaError(f"{where}: expected an object")
    return value


def _text(path: Path) -> bytes | None:
    if not path.is_file():
        return None
    if path.stat().st_size > _LIMIT_BYTES:
        raise ConvertError(f"expected {path} to be under {_LIMIT_BYTES:,} bytes")
    return path.read_bytes()
