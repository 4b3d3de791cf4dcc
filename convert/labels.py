"""Label files: one label per line, or a JSON list of strings."""

from __future__ import annotations

import json
from pathlib import Path

from edgeproof.convert.errors import ConvertError

_LIMIT_BYTES = 16 * 2**20  # 10,000 labels make about 0.2 MB


def labels_from_file(path: Path) -> tuple[str, ...]:
    """The labels in the order of the model's outputs.

    Raises:
        ConvertError: unreadable, empty, with empty or repeated labels, or another JSON value.
    """
    if not path.is_file():
        raise ConvertError(f"expected a labels file, got {path}, which is no file")
    if path.stat().st_size > _LIMIT_BYTES:
        raise ConvertError(f"expected labels, one per line, got {path.stat().st_size:,} bytes")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConvertError(f"expected labels as UTF-8 text, got {path}: {error}") from error
    labels = _from_json(path, text) if text.lstrip().startswith("[") else _from_lines(text)
    if not labels:
        raise ConvertError(f"expected one label per line in {path}, got none")
    for number, label in enumerate(labels, 1):
        if not label:
            raise ConvertError(f"expected a label in line {number} of {path}, got an empty one")
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated:
        raise ConvertError(f"expected distinct labels in {path}, got {repeated[0]!r} twice")
    return labels


def _from_lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.rstrip().splitlines())


def _from_json(path: Path, text: str) -> tuple[str, ...]:
    try:
        labels = json.loads(text)
    except ValueError as error:
        raise ConvertError(f"{path} is not a JSON list of labels: {error}") from error
    if not all(isinstance(label, str) for label in labels):
        raise ConvertError(f"expected strings only in the JSON list {path}")
    return tuple(label.strip() for label in labels)
