"""Ours against bare in one process, some calls of each in turn; medians as JSON.

python loops.py BUNDLE VARIANT PICTURE N
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bare import Bare

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.classifier import Classifier
from edgeproof.edge.image import image_from_picture

# a device runs one loop, not five in turn: call by call, each side finds the others' data in the
# caches and not its own (digits, whole path: 1.13 where it is 1.05 in loops)
_CALLS = 10
_WARM_UP = 2


def medians_ms(sides: dict[str, Callable[[], object]], n: int) -> dict[str, float]:
    """Median of each side's `n` calls. Which one is first changes from round to round."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides.items())
    for _ in range(1 + -(-n // _CALLS)):
        for name, side in order:
            for _ in range(_WARM_UP):
                side()
            for _ in range(_CALLS):
                start = time.perf_counter()
                side()
                taken[name].append(time.perf_counter() - start)
        order.reverse()
    return {name: statistics.median(times[_CALLS:]) * 1e3 for name, times in taken.items()}


def main(folder: str, variant: str, picture: str, n: int) -> None:
    bundle = Bundle.open(folder)
    contract = bundle.manifest.input
    assert contract is not None
    model = Path(folder) / bundle.variant(variant).entry
    bare = Bare(model, contract.color, contract.scale[0], contract.offset[0])
    classifier = Classifier(bundle, variant)
    decoded = bare.decoded(picture)
    image = image_from_picture(decoded, contract)
    tensor = bare.tensor(image)
    result = {
        "n": n,
        "prepared": medians_ms(
            {
                "ours": lambda: classifier.classify(image, 1),
                "bare": lambda: bare.invoke(tensor),
            },
            n,
        ),
        "whole path": medians_ms(
            {
                "ours": lambda: classifier.classify(picture, 1),
                "bare": lambda: bare.whole_path(picture),
                "decode": lambda: bare.decoded(picture),
                "arithmetic": lambda: bare.tensor(bare.resized(decoded)),
                "invoke": lambda: bare.invoke(tensor),
            },
            n,
        ),
        "contract": medians_ms(
            {
                "ours": lambda: image_from_picture(decoded, contract),
                "bare": lambda: bare.resized(decoded),
            },
            n,
        ),
    }
    json.dump(result, sys.stdout)


main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
