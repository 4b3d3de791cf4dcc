"""`edgeproof serve` under 200 visitors, slow clients and aborted downloads, on loopback.

The generator runs on the same cores as the server, so that the two compete; what each took of them
stands in the result.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.page.ground import Served, digits_bundle, first_visit, serving
from tests.bench.page.visitors import Load
from tests.bench.settings import Settings

VISITORS = 200
SECONDS = 60
# between two visits of one visitor, on average: 40 visits a second, as of 2,400 people a minute
THINK_S = 5
SLOW = 500
ABORTED_PER_S = 20
# p99 of a visit under load / the unloaded one's median
LIMIT = 10
_LARGE = "litert_wasm_internal.wasm"


def measure(settings: Settings) -> dict[str, Any]:
    """Seconds of whole visits: one visitor alone, then all of them, then with hostile clients."""
    with serving(digits_bundle(settings.cache)) as served:
        paths = first_visit(served)
        large = f"{paths[1].rpartition('/dist/')[0]}/vendor/{_LARGE}"
        crowd = {"visitors": VISITORS, "seconds": SECONDS, "think_s": THINK_S, "large": large}
        loads = {
            "one visitor": {"visitors": 1, "seconds": 20, "think_s": 0.1},
            "200 visitors": crowd,
            "and 500 slow clients": crowd | {"slow": SLOW},
            "and aborted downloads": crowd | {"aborted_per_s": ABORTED_PER_S},
        }
        results = {}
        for name, load in loads.items():
            sys.stderr.write(f"server: {name}\n")
            results[name] = _run(served, Load(port=served.port, paths=paths, **load))
    return {"paths": paths, "think_s": THINK_S, "limit": LIMIT, "loads": results}


def _run(served: Served, load: Load) -> dict[str, Any]:
    before = served.processor_s()
    script = Path(__file__).with_name("visitors.py")
    done = subprocess.run(
        [sys.executable, script, json.dumps(asdict(load))],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the generator failed: {done.stderr[-2000:]}")
    seen = json.loads(done.stdout)
    return seen | {"server_processor_s": served.processor_s() - before, "seconds": load.seconds}


def markdown(result: dict[str, Any]) -> str:
    """The table, with whether the aims are met."""
    loads = result["loads"]
    alone = statistics.median(loads["one visitor"]["visits_s"])
    lines = [
        "## Server",
        "",
        f"Whole first visits ({len(result['paths'])} requests, Brotli, 6 connections each, new "
        f"ones for each visit), {result['think_s']} s between two of one visitor on average; aim: "
        f"no error, p99 under {result['limit']} times the median of a visitor alone. The generator "
        "runs on the same cores; both sides' processor time stands beside.",
        "",
        "| load | visits | requests/s | errors | median ms | p99 ms | p99 / alone | server s "
        "| generator s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, seen in loads.items():
        visits = sorted(seen["visits_s"])
        p99 = visits[min(len(visits) - 1, int(0.99 * len(visits)))]
        broke = "" if p99 <= result["limit"] * alone and not seen["errors"] else " **missed**"
        lines.append(
            f"| {name} | {len(visits)} | {seen['requests'] / seen['seconds']:.0f} | "
            f"{len(seen['errors'])} | {statistics.median(visits) * 1000:.0f} | {p99 * 1000:.0f} | "
            f"{p99 / alone:.1f}{broke} | {seen['server_processor_s']:.1f} | "
            f"{seen['processor_s']:.1f} |"
        )
    slow, aborted = loads["and 500 slow clients"], loads["and aborted downloads"]
    lines += [
        "",
        f"Slow clients were closed {slow['slow_closed']} times and came again; "
        f"{aborted['aborted']} downloads of 9 MB were aborted.",
        "",
    ]
    return "\n".join(lines)
