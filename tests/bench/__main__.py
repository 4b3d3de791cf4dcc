"""`make bench`: one JSON and one Markdown file for each part in build/bench/, and the tables.

python -m tests.bench [--only PART,PART] [--rounds N] [--reference PYTHON]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.bench import conversion, device, evaluation, training
from tests.bench.page import latency, live_camera, pixels, server_load, visit
from tests.bench.settings import Settings, reference_python

OUTPUT = Path("build/bench")
# a part is a module with `measure(Settings) -> dict` and `markdown(dict) -> str`
PARTS: dict[str, ModuleType] = {
    "conversion": conversion,
    "evaluation": evaluation,
    "device": device,
    "training": training,
    "page-visit": visit,
    "page-latency": latency,
    "page-pixels": pixels,
    "live-camera": live_camera,
    "server": server_load,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", type=_parts, default=list(PARTS), metavar=",".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3, help="how often each side runs")
    parser.add_argument("--reference", type=Path, default=reference_python(), metavar="PYTHON")
    given = parser.parse_args()
    settings = Settings(rounds=given.rounds, reference=given.reference)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name in given.only:
        result = {"machine": _machine(), **PARTS[name].measure(settings)}
        (OUTPUT / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        text = PARTS[name].markdown(result)
        (OUTPUT / f"{name}.md").write_text(text)
        print(text)  # noqa: T201 - the result


def _parts(said: str) -> list[str]:
    wanted = said.split(",")
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"expected parts of {','.join(PARTS)}, got {','.join(unknown)}"
        )
    return wanted


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_bytes": memory,
        "load_average": os.getloadavg(),
    }


main()
