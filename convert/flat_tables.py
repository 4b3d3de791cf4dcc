"""FlatBuffers tables written by the numbers of their fields, for schemas without a Python package.

The classes that `flatc` generates for TFLite Metadata are 120 KB, and the package that held them
(tflite-support) ended in 2023; a dozen field numbers do the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import flatbuffers


@dataclass(frozen=True)
class Enum8:
    """A member of an 8-bit enumeration, or the type of a union."""

    number: int


@dataclass(frozen=True)
class UInt32:
    """An unsigned 32-bit field."""

    number: int


@dataclass(frozen=True)
class Floats:
    """A vector of 32-bit floats."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class Table:
    """A table: its fields by number, counted from 0 in the order of the schema."""

    fields: Mapping[int, Field]


Field = Enum8 | UInt32 | Floats | str | Table | tuple[Table, ...]


def flat_bytes(root: Table, identifier: bytes) -> bytes:
    """A whole FlatBuffer with its file identifier (4 bytes)."""
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(_table(builder, root), file_identifier=identifier)
    return bytes(builder.Output())


def _table(builder: flatbuffers.Builder, table: Table) -> int:
    # whatever a table refers to must be complete before the table begins
    offsets = {
        number: _offset(builder, value)
        for number, value in table.fields.items()
        if not isinstance(value, (Enum8, UInt32))
    }
    builder.StartObject(max(table.fields, default=-1) + 1)
    for number, value in table.fields.items():
        if isinstance(value, Enum8):
            builder.PrependUint8Slot(number, value.number, 0)
        elif isinstance(value, UInt32):
            builder.PrependUint32Slot(number, value.number, 0)
        else:
            builder.PrependUOffsetTRelativeSlot(number, offsets[number], 0)
    return int(builder.EndObject())


def _offset(builder: flatbuffers.Builder, value: Field) -> int:
    if isinstance(value, str):
        return int(builder.CreateString(value))
    if isinstance(value, Table):
        return _table(builder, value)
    if isinstance(value, Floats):
        builder.StartVector(4, len(value.values), 4)
        for number in reversed(value.values):
            builder.PrependFloat32(number)
        return int(builder.EndVector())
    assert isinstance(value, tuple)
    offsets = [_table(builder, table) for table in value]
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())
