"""The process under test: classifies the pictures whose paths it reads, one a line.

    python -m tests.edge.corpus.classifying MODULE:FUNCTION ARGUMENT

FUNCTION makes of ARGUMENT a function from a path to a label. For each path a line of JSON comes
back: what became of the picture, the processor time that took, and the most memory that the whole
process held meanwhile. The process is killed when one picture takes `HANG_S` of processor time.
"""

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable

from edgeproof.edge.errors import ImageError

HANG_S = 20.0
_KIBIBYTE = 1024


def classifier_of(bundle: str) -> Callable[[str], str]:
    from edgeproof.edge.classifier import Classifier

    classifier = Classifier(bundle)
    return lambda path: classifier.classify(path, 1).label


def answer(classify: Callable[[str], str], path: str) -> dict[str, object]:
    _forget_peak()
    signal.setitimer(signal.ITIMER_PROF, HANG_S)
    started = time.process_time()
    try:
        outcome, text = "label", classify(path)
    except ImageError as error:
        outcome, text = "error", str(error)
    cpu_s = time.process_time() - started
    signal.setitimer(signal.ITIMER_PROF, 0)
    return {
        "outcome": outcome,
        "text": text,
        "cpu_s": cpu_s,
        "peak_bytes": status_bytes("VmHWM"),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


def status_bytes(key: str) -> int:
    """VmHWM, the most memory held since `_forget_peak`, or VmRSS, what is held now."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(key))
    return int(line.split()[1]) * _KIBIBYTE


def _forget_peak() -> None:
    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("5")


def main(maker: str, argument: str) -> None:
    module, function = maker.split(":")
    classify = getattr(importlib.import_module(module), function)(argument)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(classify, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
