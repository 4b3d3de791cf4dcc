"""Fields of the report's dataclasses that `report.json` does not hold."""

from dataclasses import Field, fields
from typing import Any

# a field's `metadata`: pictures, which would make a large document of a small one
PAGE_ONLY = {"page only": True}


def document_fields(cls: Any) -> tuple[Field[Any], ...]:
    """The fields of a dataclass (or of one of its objects) that `report.json` holds."""
    return tuple(f for f in fields(cls) if not f.metadata.get("page only", False))
