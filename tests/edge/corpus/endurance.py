"""Decodes the corpus again and again, and says what that left behind.

    python -m tests.edge.corpus.endurance COUNT [LEAK_BYTES]

Prints a line of JSON: how many pictures were decoded, how many of them to an image, and the growth
of memory and of open descriptors since every picture had been decoded three times. With LEAK_BYTES
as many are kept of each picture and one descriptor of every thousandth: the control.
"""

import gc
import json
import os
import sys

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file
from tests.edge.corpus.classifying import status_bytes
from tests.edge.corpus.pictures import FAMILIES

_LARGE = 100_000
_WARM_UP = 3
CONTRACT = InputContract(28, 28, "gray", "pad")


def main(count: int, leak_bytes: int = 0) -> None:
    pictures = [
        hostile.content
        for family in FAMILIES
        if not family.__name__.endswith("bombs")
        for hostile in family.pictures()
        if hostile.browser
    ]
    pictures = [content for content in pictures if len(content) < _LARGE]
    kept: list[object] = []
    images = before = descriptors = 0
    for done in range(count):
        if done == _WARM_UP * len(pictures):
            gc.collect()
            before, descriptors = status_bytes("VmRSS"), _descriptors()
        try:
            image_from_file(pictures[done % len(pictures)], CONTRACT)
            images += 1
        except ImageError:
            pass
        if leak_bytes:
            kept.append(bytearray(os.urandom(leak_bytes)))
            if done % 1000 == 0:
                kept.append(os.open(os.devnull, os.O_RDONLY))
    gc.collect()
    result = {
        "pictures": count,
        "images": images,
        "grown_bytes": status_bytes("VmRSS") - before,
        "descriptors": _descriptors() - descriptors,
    }
    sys.stdout.write(json.dumps(result) + "\n")


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
