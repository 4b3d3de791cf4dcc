"""What `make bench` was asked for: the same for every part."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Options of one run.

    Attributes:
        rounds: how often each side of a comparison of whole processes runs.
        reference: the Python of an environment with tensorflowjs; None: that side is left out.
        cache: what is made once and may be kept: models, bundles, pictures, environments.
    """

    rounds: int = 3
    reference: Path | None = None
    cache: Path = Path("build/bench/cache")


def reference_python() -> Path | None:
    """The Python of the public TF.js converter's environment, where there is one."""
    named = os.environ.get("EDGEPROOF_REFERENCE")
    path = Path(named) if named else Path(".venv-reference/bin/python")
    return path.absolute() if path.exists() else None
