"""JSON to frozen dataclasses and back, with errors that name the field.

A Raspberry Pi installs NumPy, Pillow and click only, so this small reader stands in for a
validation library. It accepts what the type hints say and nothing else: unknown, missing and
mistyped fields are errors, nothing is converted silently.
"""

import dataclasses
import functools
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")

_SCALARS = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}


class SchemaError(ValueError):
    """A JSON value does not fit; the message starts with the path of the field."""


def from_json(cls: type[T], value: Any, where: str = "") -> T:
    """Build the dataclass `cls` from a decoded JSON object.

    Raises:
        SchemaError: `path.to.field: expected ..., got ...`.
    """
    return typing.cast(T, _read(cls, value, where))


def to_json(value: Any) -> Any:
    """A dataclass as plain JSON values: tuples become lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [to_json(v) for v in value]
    if isinstance(value, dict):
        return {k: to_json(v) for k, v in value.items()}
    return value


def _read(hint: Any, value: Any, where: str) -> Any:
    if hint in _SCALARS:  # first: nearly all values of a manifest are
        return _read_scalar(hint, value, where)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _read_dataclass(hint, value, where)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        return _read(next(a for a in args if a is not type(None)), value, where)
    if origin is typing.Literal:
        if value in args:
            return value
        raise _misfit(where, " or ".join(map(repr, args)), value)
    if origin is tuple:
        if not isinstance(value, list):
            raise _misfit(where, "a list", value)
        return tuple(_read(args[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise _misfit(where, "an object", value)
        return {k: _read(args[1], v, f"{where}.{k}") for k, v in value.items()}
    if hint is Any:
        return value
    raise TypeError(f"expected a type that JSON can hold, got {hint!r}")


def _read_scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    # bool is a subclass of int in Python and never meant where JSON holds a number
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise _misfit(where, _SCALARS[hint], value)
    return value


def _read_dataclass(cls: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _misfit(where, "an object", value)
    hints, fields = _hints_and_fields(cls)
    prefix = f"{where}." if where else ""
    for key in value:
        if key not in fields:
            raise SchemaError(f"{prefix}{key}: unknown field, expected one of {', '.join(fields)}")
    arguments = {}
    for name, field in fields.items():
        if name in value:
            arguments[name] = _read(hints[name], value[name], prefix + name)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise SchemaError(f"{prefix}{name}: missing")
    try:
        return cls(**arguments)
    except SchemaError:
        raise
    except ValueError as error:
        raise SchemaError(f"{prefix}{error}") from error


@functools.cache
def _hints_and_fields(cls: type) -> tuple[dict[str, Any], dict[str, dataclasses.Field[Any]]]:
    # evaluating hints takes as long as reading 20 files' entries, and a manifest has 60 of them
    return typing.get_type_hints(cls), {f.name: f for f in dataclasses.fields(cls)}


def _misfit(where: str, expected: str, value: Any) -> SchemaError:
    shown = repr(value)
    return SchemaError(f"{where or 'top level'}: expected {expected}, got {shown[:60]}")
