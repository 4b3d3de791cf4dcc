"""The bundle on this machine, in a process of its own; prints a JSON object.

`golden.py BUNDLE` opens it as `classify` does: {"variant", "runtime", "version"};
`golden.py BUNDLE VARIANT` is that variant's golden check: its fields.
Either prints {"failure"} where that cannot be done.
"""

import json
import sys
from dataclasses import asdict
from typing import Any

from edgeproof.edge.errors import EdgeproofError

MOST = 8  # inputs, and as many files: a minute for all variants of a MobileNet on a Pi 3


def main(folder: str, variant: str | None = None) -> None:
    """Print what was found."""
    try:
        found = _opened(folder) if variant is None else _checked(folder, variant)
    except EdgeproofError as error:
        found = {"failure": str(error)}
    sys.stdout.write(json.dumps(found) + "\n")


def _opened(folder: str) -> dict[str, Any]:
    from edgeproof.edge.classifier import Classifier
    from edgeproof.edge.runtime import runtime_version

    with Classifier(folder) as classifier:
        name = classifier.runtime
        return {
            "variant": classifier.variant.id,
            "runtime": name,
            "version": runtime_version(name),
        }


def _checked(folder: str, variant: str) -> dict[str, Any]:
    from edgeproof.edge.bundle import Bundle
    from edgeproof.edge.golden_check import golden_check

    return asdict(golden_check(Bundle.open(folder), variant, most=MOST))


if __name__ == "__main__":
    main(*sys.argv[1:])
