"""Ours against bare in one process, call by call in turn; medians as JSON.

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

_WARM_UP = 10


def medians_ms(sides: dict[str, Callable[[], object]], n: int) -> dict[str, float]:
    """Median of each side. Which one is first changes from round to round."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides.items())
    for number in range(_WARM_UP + n):
        for name, side in order:
            start = time.perf_counter()
            side()
            if number >= _WARM_UP:
                taken[name].append(time.perf_counter() - start)
        order.reverse()
    return {name: statistics.median(times) * 1e3 for name, times in taken.items()}


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
