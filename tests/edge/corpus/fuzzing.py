"""Decodes mutated pictures, many in one process.

    python -m tests.edge.corpus.fuzzing SEED FIRST COUNT

Prints each picture's number before it is decoded, so that the one that ends the process is known,
and at last a line of JSON: what became of them all. `mutation.mutated(SEED, NUMBER)` makes one
again.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file
from tests.edge.corpus.classifying import status_bytes
from tests.edge.corpus.mutation import mutated

CONTRACT = InputContract(32, 32, "rgb")


@dataclass
class Findings:
    """What became of mutated pictures.

    Attributes:
        outcomes: labels and errors by the seed picture's suffix, "png label".
        escaped: what else was raised, by the picture's number.
        warned: what Python warned of, by the picture's number.
        slowest_s: the most processor time for one picture.
        peak_bytes: the most memory of the process.
    """

    outcomes: dict[str, int] = field(default_factory=dict)
    escaped: dict[int, str] = field(default_factory=dict)
    warned: dict[int, str] = field(default_factory=dict)
    slowest_s: float = 0
    peak_bytes: int = 0


def found(
    seed: int,
    numbers: range,
    decode: Callable[[bytes, InputContract], Any] = image_from_file,
) -> Findings:
    findings = Findings()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for number in numbers:
            name, content = mutated(seed, number)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            started = time.process_time()
            try:
                decode(content, CONTRACT)
                outcome = "label"
            except ImageError as error:
                outcome = "error" if str(error).isprintable() else "error of several lines"
            except Exception as error:  # noqa: BLE001  what this is here to find
                outcome, findings.escaped[number] = "escaped", f"{name}: {error!r}"
            findings.slowest_s = max(findings.slowest_s, time.process_time() - started)
            key = f"{name.split('.')[1]} {outcome}"
            findings.outcomes[key] = findings.outcomes.get(key, 0) + 1
            if caught:
                findings.warned[number] = f"{name}: {caught[0].message}"
                caught.clear()
    findings.peak_bytes = status_bytes("VmHWM")
    return findings


if __name__ == "__main__":
    seed, first, count = map(int, sys.argv[1:])
    sys.stdout.write(json.dumps(asdict(found(seed, range(first, first + count)))) + "\n")
