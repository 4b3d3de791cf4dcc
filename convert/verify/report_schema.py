"""The schema of `report.json`, made of the report's dataclasses and their docstrings.

`python -m edgeproof.convert.verify.report_schema` writes `report.schema.json` beside this file and
the tables of `docs/report.md`; a test says when they are out of date.
"""

import dataclasses
import inspect
import json
import re
import types
import typing
from pathlib import Path
from typing import Any

from edgeproof.convert.verify.report import Report
from edgeproof.convert.verify.report_fields import document_fields

SCHEMA = Path(__file__).with_name("report.schema.json")
PAGE = Path(__file__).parents[2] / "docs" / "report.md"
_TABLES = re.compile(r"(?<=<!-- fields -->\n).*(?=<!-- /fields -->)", re.DOTALL)
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def report_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12. Fields that it does not name are allowed: new ones may come."""
    definitions: dict[str, Any] = {}
    _define(Report, definitions)
    root = definitions.pop("Report")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Edgeproof parity report",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def described_fields(cls: type) -> dict[str, str]:
    """What the docstring's `Attributes:` say about each field.

    Raises:
        LookupError: a field of the document without a word, or a word without a field.
    """
    said: dict[str, str] = {}
    _, _, attributes = (inspect.getdoc(cls) or "").partition("Attributes:\n")
    for entry in re.split(r"\n(?=    \S)", attributes.rstrip()):
        names, _, text = entry.strip().partition(": ")
        said |= dict.fromkeys(names.split(", "), " ".join(text.split()))
    names = [f.name for f in document_fields(cls)]
    if set(said) != set(names):
        odd = ", ".join(sorted(set(said) ^ set(names)))
        raise LookupError(f"expected an entry for each field of {cls.__name__}, not so: {odd}")
    return {name: said[name] for name in names}


def with_tables(page: str) -> str:
    """The page with its tables of fields made anew."""
    found = [Report, *_parts(Report)]
    tables = "\n".join(_table(cls) for cls in dict.fromkeys(found))
    return _TABLES.sub(lambda _: f"\n{tables}\n", page)


def _define(cls: type, definitions: dict[str, Any]) -> None:
    if cls.__name__ in definitions:
        return
    definitions[cls.__name__] = {}  # its place, so that what it holds comes after it
    hints, said = typing.get_type_hints(cls), described_fields(cls)
    properties = {
        name: {"description": text, **_typed(hints[name], definitions)}
        for name, text in said.items()
    }
    definitions[cls.__name__].update(
        description=_summary(cls),
        type="object",
        properties=properties,
        required=list(properties),
    )


def _typed(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        (wanted,) = (a for a in arguments if a is not type(None))
        return {"anyOf": [_typed(wanted, definitions), {"type": "null"}]}
    if origin is typing.Literal:
        return {"const": arguments[0]} if len(arguments) == 1 else {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _typed(arguments[0], definitions)}
    if dataclasses.is_dataclass(hint):
        assert isinstance(hint, type)
        _define(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return {"type": _SCALARS[hint]}


def _parts(cls: type) -> list[type]:
    """The dataclasses that the fields hold, in the order in which a reader meets them."""
    found: list[type] = []
    for field in document_fields(cls):
        for part in _classes_in(typing.get_type_hints(cls)[field.name]):
            found += [part, *_parts(part)]
    return found


def _classes_in(hint: Any) -> list[type]:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return [hint]
    return [cls for argument in typing.get_args(hint) for cls in _classes_in(argument)]


def _summary(cls: type) -> str:
    text, _, _ = (inspect.getdoc(cls) or "").partition("Attributes:")
    return " ".join(text.split())


def _table(cls: type) -> str:
    hints = typing.get_type_hints(cls)
    heading = f"### {cls.__name__}\n\n{_summary(cls)}\n"
    lines = [
        f"| `{name}` | {_words(hints[name])} | {text.replace('|', chr(92) + '|')} |"
        for name, text in described_fields(cls).items()
    ]
    return "\n".join([heading, "| field | type | meaning |", "| --- | --- | --- |", *lines, ""])


def _words(hint: Any) -> str:
    """A type as the page says it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_words(a) for a in arguments)
    if origin is typing.Literal:
        return " or ".join(f"`{json.dumps(a)}`" for a in arguments)
    if origin is tuple:
        return f"list of {_words(arguments[0])}"
    if dataclasses.is_dataclass(hint):
        assert isinstance(hint, type)
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    return "null" if hint is type(None) else _SCALARS[hint]


def written() -> dict[Path, str]:
    """What each file is to hold."""
    schema = json.dumps(report_schema(), indent=1, ensure_ascii=False) + "\n"
    return {SCHEMA: schema, PAGE: with_tables(PAGE.read_text(encoding="utf-8"))}


if __name__ == "__main__":
    for place, text in written().items():
        place.write_text(text, encoding="utf-8")
