"""Bytes on disk of a distribution and all that it requires, in the Python that runs this file.

python installed_size.py REQUIREMENT, such as edgeproof[convert]; prints {"bytes", "distributions"}.
"""

import importlib.metadata
import json
import sys
from pathlib import Path

from packaging.requirements import Requirement


def closure(root: str) -> set[str]:
    """Names of the distributions that a requirement pulls in, itself included."""
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(root)]
    while waiting:
        wanted = waiting.pop()
        for extra in ("", *wanted.extras):
            if (wanted.name, extra) in seen:
                continue
            seen.add((wanted.name, extra))
            waiting += [
                r
                for r in map(Requirement, importlib.metadata.requires(wanted.name) or ())
                if r.marker is None or r.marker.evaluate({"extra": extra})
            ]
    return {_normal(name) for name, _ in seen}


def installed_bytes(name: str) -> int:
    """What the distribution's own list of files weighs on disk."""
    files = importlib.metadata.distribution(name).files or ()
    paths = {Path(str(file.locate())) for file in files}
    return sum(path.stat().st_size for path in paths if path.is_file())


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


if __name__ == "__main__":
    names = closure(sys.argv[1])
    json.dump({"bytes": sum(map(installed_bytes, names)), "distributions": len(names)}, sys.stdout)
