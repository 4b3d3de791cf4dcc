"""What of the report's dataclasses `report.json` holds."""

from dataclasses import Field, fields, is_dataclass
from typing import Any

# a field's `metadata`: pictures, which would make a large document of a small one
PAGE_ONLY = {"page only": True}


def document_of(value: Any) -> Any:
    """A dataclass as JSON values: tuples become lists."""
    if is_dataclass(value):
        return {f.name: document_of(getattr(value, f.name)) for f in document_fields(value)}
    if isinstance(value, tuple):
        return [document_of(v) for v in value]
    return value


def document_fields(cls: Any) -> tuple[Field[Any], ...]:
    """The fields of a dataclass (or of one of its objects) that `report.json` holds."""
    return tuple(f for f in fields(cls) if not f.metadata.get("page only", False))
