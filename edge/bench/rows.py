"""The figures as rows: for a table to read, and as CSV."""

import csv
import io
import math

from edgeproof.edge.bench.figures import Bench, Case, Times

_OF_TIMES = ("median ms", "p95 ms", "p99 ms", "per second", "n")
MODEL_HEADERS = ("variant", "threads", "file KB", "load ms", "first ms", *_OF_TIMES)
WHOLE_HEADERS = ("variant", "threads", "peak MB", *_OF_TIMES)
_COLUMNS = (
    "variant", "threads", "file_bytes", "load_ms", "first_ms",
    "model_n", "model_median_ms", "model_p95_ms", "model_p99_ms", "model_per_second",
    "whole_n", "whole_median_ms", "whole_p95_ms", "whole_p99_ms", "whole_per_second",
    "peak_bytes", "failure", "runtime", "runtime_version", "board", "governor",
    "temperature_before_c", "temperature_after_c", "throttled", "warm_up", "complete",
)  # fmt: skip


def model_rows(bench: Bench) -> list[list[str]]:
    """One row for each case that could be run, under `MODEL_HEADERS`."""
    return [
        [
            *_name(case),
            shown(case.file_bytes / 1e3),
            shown(case.load_ms),
            shown(case.first_ms),
            *_times(case.model),
        ]
        for case in bench.cases
        if case.failure is None
    ]


def whole_rows(bench: Bench) -> list[list[str]]:
    """One row for each case that could be run, under `WHOLE_HEADERS`."""
    return [
        [
            *_name(case),
            shown(None if case.peak_bytes is None else case.peak_bytes / 1e6),
            *_times(case.whole),
        ]
        for case in bench.cases
        if case.failure is None
    ]


def csv_text(bench: Bench) -> str:
    """One line for each case with the conditions in every line, so that files can be joined."""
    target = io.StringIO()
    writer = csv.DictWriter(target, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    conditions = bench.conditions
    of_all = {
        "runtime": bench.runtime,
        "runtime_version": bench.versions[bench.runtime],
        "board": bench.board,
        "governor": conditions.governor,
        "temperature_before_c": conditions.temperature_before_c,
        "temperature_after_c": conditions.temperature_after_c,
        "throttled": None if conditions.throttled is None else " ".join(conditions.throttled),
        "warm_up": bench.warm_up,
        "complete": bench.complete,
    }
    for case in bench.cases:
        own = {name: value for name, value in vars(case).items() if name not in ("model", "whole")}
        writer.writerow(
            {**of_all, **own, **_flat("model", case.model), **_flat("whole", case.whole)}
        )
    return target.getvalue()


def shown(value: float | None) -> str:
    """Three digits that count, and 0.1 µs at the finest: `0.0213`, `13.9`, `1,240`; else a dash."""
    if value is None:
        return "-"
    digits = 4 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 4)}f}"


def _name(case: Case) -> list[str]:
    return [case.variant, str(case.threads)]


def _times(times: Times | None) -> list[str]:
    if times is None:
        return ["-"] * len(_OF_TIMES)
    figures = (times.median_ms, times.p95_ms, times.p99_ms, times.per_second)
    return [*map(shown, figures), f"{times.n:,}"]


def _flat(prefix: str, times: Times | None) -> dict[str, float]:
    return {} if times is None else {f"{prefix}_{name}": v for name, v in vars(times).items()}
