"""What Edgeproof costs on a device beside the bare runtime: time, memory, descriptors."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.bench.device_ground import SCRIPTS, Ground, prepare
from tests.bench.device_report import markdown
from tests.bench.processes import run
from tests.bench.settings import Settings

__all__ = ["markdown", "measure"]

T = TypeVar("T")

LOOPS = {"mobilenet": 150, "digits": 2000}
VARIANTS = ("tflite-int8", "tflite-float32")
ENDURANCE = 100_000
STARTS = 5  # for each round
_PACKAGES = ("edgeproof", "ai-edge-litert", "numpy", "Pillow")


def measure(settings: Settings) -> dict[str, Any]:
    """Every figure of the device's table, ours beside bare, of one run."""
    ground = prepare(settings.cache)
    return {
        "rounds": settings.rounds,
        "loops": {
            model: {variant: _loops(ground, model, variant) for variant in VARIANTS}
            for model in LOOPS
        },
        "start": {model: _starts(ground, model, settings.rounds) for model in LOOPS},
        "folder": {model: _folder(ground, model, settings.rounds) for model in LOOPS},
        "endurance": _endurance(ground),
        "versions": _versions(ground),
    }


def _loops(ground: Ground, model: str, variant: str) -> dict[str, Any]:
    _say(f"loops: {model}, {variant}")
    arguments = [ground.bundles[model], variant, ground.picture, str(LOOPS[model])]
    return _json([ground.python, SCRIPTS / "loops.py", *arguments])


def _starts(ground: Ground, model: str, rounds: int) -> dict[str, Any]:
    """Seconds to the first label and peak memory of `classify` and of the bare script."""
    _say(f"starts: {model}")
    sides = {
        "ours": [ground.edgeproof, "classify", ground.bundles[model], ground.picture],
        "bare": [*ground.bare(model, "tflite-int8"), ground.picture],
    }
    n = STARTS * rounds
    seconds = _in_turn({name: lambda c=c: _first_line_s(c) for name, c in sides.items()}, n)
    runs = _in_turn({name: lambda c=c: run(c) for name, c in sides.items()}, n)
    return {
        "n": n,
        "seconds": seconds,
        "peak_bytes": {name: [r.peak_bytes for r in taken] for name, taken in runs.items()},
        "processor_s": {name: [r.processor_s for r in taken] for name, taken in runs.items()},
    }


def _folder(ground: Ground, model: str, rounds: int) -> dict[str, Any]:
    """Seconds for the whole folder; bare: half of it in each of two processes at a time."""
    _say(f"folder: {model}")
    pictures = sorted(ground.pictures.glob("*.jpg"))
    bare = ground.bare(model, "tflite-int8")
    ours = [ground.edgeproof, "classify", ground.bundles[model], ground.pictures]
    halves = [[*bare, *pictures[0::2]], [*bare, *pictures[1::2]]]
    sides = {"ours": lambda: _together_s([ours]), "bare": lambda: _together_s(halves)}
    taken = _in_turn(sides, rounds)
    return {
        "n": rounds,
        "pictures": len(pictures),
        "seconds": {name: [wall for wall, _ in pairs] for name, pairs in taken.items()},
        "processor_s": {name: [spent for _, spent in pairs] for name, pairs in taken.items()},
    }


def _endurance(ground: Ground) -> dict[str, Any]:
    _say(f"endurance: {ENDURANCE:,} classifications")
    golden = sorted((ground.bundles["digits"] / "golden/files").iterdir())
    arguments = [ground.bundles["digits"], str(ENDURANCE), *golden]
    return _json([ground.python, SCRIPTS / "endurance.py", *arguments])


def _in_turn(sides: dict[str, Callable[[], T]], n: int) -> dict[str, list[T]]:
    """Each side `n` times after one that does not count, in turn."""
    taken: dict[str, list[T]] = {name: [] for name in sides}
    for number in range(n + 1):
        for name, side in sides.items():
            value = side()
            if number:
                taken[name].append(value)
    return taken


def _first_line_s(command: Sequence[str | Path]) -> float:
    """Seconds from the process's start to its first line."""
    start = time.perf_counter()
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
    if process.returncode != 0 or not line:
        raise RuntimeError(f"{command[0]} gave no label")
    return seconds


def _together_s(commands: list[list[str | Path]]) -> tuple[float, float]:
    """Seconds until all of them, started at once, have ended, and their processor time."""
    before, start = _spent_by_children_s(), time.perf_counter()
    processes = [
        subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for command in commands
    ]
    said = [process.communicate()[1] for process in processes]
    seconds = time.perf_counter() - start
    if any(process.returncode for process in processes):
        raise RuntimeError(f"{commands[0][0]} failed: {said[0].decode()[-1000:]}")
    return seconds, _spent_by_children_s() - before


def _spent_by_children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _json(command: Sequence[str | Path]) -> dict[str, Any]:
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)[:200]} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _versions(ground: Ground) -> dict[str, str]:
    program = "import json, sys; from importlib.metadata import version; "
    program += "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    return _json([ground.python, "-c", program, *_PACKAGES])


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
