"""The Keras model that a bundle was made from, where it still lies where the manifest says."""

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.source import ModelSource, find_source, source_sha256
from edgeproof.convert.verify.errors import VerifyError
from edgeproof.convert.zoo import name_in, zoo
from edgeproof.edge.bundle import Bundle


@dataclass(frozen=True)
class Source:
    """The source model, or the reason (a clause) why it cannot stand as the reference."""

    model: ModelSource | None
    reason: str | None

    @property
    def run_config(self) -> dict[str, Any] | None:
        """`config.json` of the run; None outside run folders."""
        if self.model is None or self.model.run is None:
            return None
        return json.loads((self.model.run / "config.json").read_bytes())


def recorded_source(bundle: Bundle) -> Source:
    """Look for the model at the recorded place; accept it only with the recorded SHA-256.

    A place inside the bundle is not accepted: a bundle could then bring its own witness.
    """
    provenance = bundle.manifest.provenance
    if (name := name_in(provenance.source)) is not None:
        return _of_zoo(name, provenance.source_sha256)
    place = Path(os.path.relpath(bundle.folder / provenance.source))
    if place.resolve().is_relative_to(bundle.folder.resolve()):
        return Source(None, f"the recorded source {place} lies in the bundle itself")
    if not place.exists():
        return Source(None, f"the source model is not at {place}; name it with --source MODEL")
    return _accepted(place, provenance.source_sha256)


def _of_zoo(name: str, sha256: str) -> Source:
    """The model of that name in the zoo that is installed here, which may be another release's."""
    try:
        place = zoo().get(name)
    except ConvertError as error:
        return Source(None, str(error))
    if place is None:
        return Source(None, f"the source model {name} is not in the zoo that is installed here")
    return _accepted(place, sha256)


def _accepted(place: Path, sha256: str) -> Source:
    try:
        found = find_source(place)
    except ConvertError as error:
        return Source(None, str(error))
    digest = source_sha256(found.model)
    if digest != sha256:
        return Source(
            None,
            f"{found.model} changed since conversion: expected SHA-256 {sha256}, got {digest}",
        )
    return Source(found, None)


def moved_source(bundle: Bundle, place: Path, option: str) -> Bundle:
    """The same bundle with its source model where the user says that it is now.

    Raises:
        VerifyError: that is another model, or none.
    """
    moved = with_source(bundle, place.absolute())
    if (reason := recorded_source(moved).reason) is not None:
        raise VerifyError(f"{option} cannot be the model of {bundle.folder}: {reason}")
    return moved


def with_source(bundle: Bundle, place: Path) -> Bundle:
    """The same bundle with another place to look for its source model; the SHA-256 stays."""
    provenance = dataclasses.replace(bundle.manifest.provenance, source=str(place))
    return Bundle(bundle.folder, dataclasses.replace(bundle.manifest, provenance=provenance))
