"""A run, to be read: what it was measured on, the tables, failures."""

from collections.abc import Sequence

from edgeproof.edge.bench.figures import Bench
from edgeproof.edge.bench.rows import MODEL_HEADERS, WHOLE_HEADERS, model_rows, whole_rows


def text(bench: Bench) -> str:
    """The conditions, the model alone, the whole path, and why some have no figures."""
    lines = [*heading(bench), "", "The model alone", table(MODEL_HEADERS, model_rows(bench))]
    if bench.picture is not None:
        one = bench.picture
        lines += [
            "",
            "The whole path (decode, input contract, model), "
            f"{one.name}: {one.width}x{one.height}, {one.bytes:,} bytes",
            table(WHOLE_HEADERS, whole_rows(bench)),
        ]
    failed = [f"{c.variant}, {c.threads} threads: {c.failure}" for c in bench.cases if c.failure]
    return "\n".join([*lines, *([""] if failed else []), *failed])


def heading(bench: Bench) -> list[str]:
    """What the figures were measured on, with and how."""
    told = bench.conditions
    state = [f"governor {told.governor or 'not told'}"]
    if told.temperature_before_c is not None and told.temperature_after_c is not None:
        state.append(f"{told.temperature_before_c:.0f} to {told.temperature_after_c:.0f} °C")
    if told.throttled is not None:
        state.append(f"throttled: {', '.join(told.throttled) or 'no'}")
    if told.load_before is not None:
        state.append(f"load {told.load_before:.1f} before")
    versions = ", ".join(f"{name} {version}" for name, version in bench.versions.items())
    cores = f"{bench.cores} core{'s' * (bench.cores > 1)}"
    lines = [
        f"{bench.bundle} on {bench.board}, {cores}, {bench.system}",
        versions,
        "; ".join(state),
        f"Each row in a process of its own: {bench.warm_up} runs of warm-up, then n; "
        f"percentiles with NumPy's method {bench.percentile_method}.",
    ]
    return lines if bench.complete else [*lines, "Interrupted: not every case was measured."]


def table(headers: Sequence[str], body: list[list[str]]) -> str:
    """Columns set flush, two spaces apart: a Raspberry Pi installs nothing that draws tables."""
    lines = [list(headers), *body]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headers))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
