"""Models that are installed with a package, by name: `edgeproof convert mnist`.

An entry point of the group `edgeproof.zoo` names a package whose folders are runs as `edgeproof
train` writes them, so a model of the zoo is converted and verified as any run is.
"""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path

from edgeproof.convert.errors import ConvertError
from edgeproof.edge.errors import did_you_mean

# what a bundle says of its source, instead of a place on somebody's machine
_PREFIX = "zoo:"


def zoo() -> dict[str, Path]:
    """The run folder of each model by its name, sorted.

    Raises:
        ConvertError: two installed packages have a model of the same name.
    """
    found: dict[str, Path] = {}
    for point in entry_points(group="edgeproof.zoo"):
        for folder in (Path(place) for place in point.load().__path__):
            for config in sorted(folder.glob("*/config.json")):
                name = config.parent.name
                if name in found:
                    raise ConvertError(
                        f"expected models of different names in the installed zoos, got {name} in "
                        f"{found[name].parent} and in {folder}; give the run folder's path"
                    )
                found[name] = config.parent
    return dict(sorted(found.items()))


def is_name(given: str | os.PathLike[str]) -> bool:
    """Whether it can be a model's name: what has a separator is a path."""
    text = os.fspath(given)
    return not any(separator in text for separator in (os.sep, os.altsep) if separator)


def place_of(given: str | os.PathLike[str]) -> tuple[Path, str | None]:
    """Where the model lies that a user named, and its name in the zoo; None for a path.

    A path wins over a name: what lies in the working folder is what its user has in mind.

    Raises:
        ConvertError: there is neither.
    """
    path = Path(given)
    if path.exists():
        return path, None
    if not is_name(given):
        raise ConvertError(f"expected a model, got {path}, which does not exist")
    names, name = zoo(), os.fspath(given)
    if name in names:
        return names[name], name
    known = ", ".join(names) or "which holds none"
    raise ConvertError(
        f"expected a model, got {path}, which does not exist and is none of the zoo "
        f"({known}){did_you_mean(name, names)}"
    )


def recorded(name: str) -> str:
    """How a bundle's provenance names a model of the zoo."""
    return f"{_PREFIX}{name}"


def name_in(source: str) -> str | None:
    """The name that a provenance's source gives; None where it is a path."""
    return source[len(_PREFIX) :] if source.startswith(_PREFIX) else None
