"""Many classifications in one process: resident memory and open descriptors on the way, as JSON.

python endurance.py BUNDLE N PICTURE...; paths, bytes and pixels take turns.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgeproof.edge.classifier import Classifier

SETTLED = 1000
_SAMPLES = 50


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def main(bundle: str, n: int, *pictures: str) -> None:
    classifier = Classifier(bundle)
    pixels = np.zeros(classifier.contract.image_shape, np.uint8)
    kinds: list[Callable[[], object]] = [lambda: classifier.classify(pixels)]
    for path in pictures:
        content = Path(path).read_bytes()
        kinds += [
            lambda path=path: classifier.classify(path),
            lambda content=content: classifier.classify(content),
        ]
    for number in range(SETTLED):
        kinds[number % len(kinds)]()
    first, opened = resident_bytes(), descriptors()
    samples = []
    every = max(1, (n - SETTLED) // _SAMPLES)
    for number in range(SETTLED, n):
        kinds[number % len(kinds)]()
        if number % every == 0 or number == n - 1:
            samples.append(resident_bytes())
    result = {
        "n": n,
        "first_bytes": first,
        "grown_bytes": max(samples) - first,
        "samples": samples,
        "descriptors_grown": descriptors() - opened,
    }
    json.dump(result, sys.stdout)


main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
