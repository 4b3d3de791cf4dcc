"""The page's latencies as Markdown, with what each was to reach."""

from __future__ import annotations

from statistics import mean, median
from typing import Any

# ours to bare, `auto` to the best, `auto` to the plain page
RATIO = 1.05
AUTO_RATIO = 1.10
PLAIN_RATIO = 1.0
PLAIN = "plain page"
# of resident memory: allocators take 30 MB over the first 15,000 pictures, and 1 MB from there to
# 24,000; 8 MB in 2,000 are 4 KB a picture
GROWN_BYTES = 8_000_000


def markdown(result: dict[str, Any]) -> str:
    """Tables of engines, of the automatic choice and of memory."""
    machine = result["machine"]
    lines = [
        "One picture on each engine of the page, in its worker, beside a bare loop around the same "
        "engine in a bare page: on the main thread, and in a worker as well where the processor "
        "does the work. They take turns in one page, block by block; a block's figure is the mean "
        "of its middle half, for the clock ticks every 5 us; `n` are blocks x calls; a ratio is "
        "the median of the ratios of neighbouring blocks.",
        "",
        f"{machine['system']}, {machine['cpus']} CPUs, load {machine['load_average'][0]:.1f} "
        f"before, Chromium {result['chromium']}, WebGL and WebGPU on SwiftShader.",
        "",
        "| model | engine | n | ours | bare | ratio | target | | bare in a worker | ratio |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for model, of_model in result["models"].items():
        lines += [_engine(model, *each) for each in of_model["engines"].items()]
    lines += ["", "| model | a visitor who | ends on | against | ratio | target | |"]
    lines.append("| --- | --- | --- | --- | ---: | ---: | --- |")
    for model, of_model in result["models"].items():
        lines += _automatic(model, of_model)
    lines += ["", "| engine | predictions | tensors | heap | resident | with garbage | |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for run in result["endurance"]:
        lines.append(_endurance(run))
    return "\n".join(lines) + "\n"


def _engine(model: str, engine: str, sides: dict[str, list[list[float]]]) -> str:
    ours, bare, there = sides["ours"], sides["bare"], sides.get("bare_in_worker")
    ratio = _ratio(ours, bare)
    n = f"{len(ours)} x {median(map(len, ours)):.0f}"
    in_worker = f"{_ms(there)} | {_ratio(ours, there):.3f}" if there else "|"
    return (
        f"| {model} | {engine} | {n} | {_ms(ours)} | {_ms(bare)} | {ratio:.3f} | {RATIO} "
        f"| {_verdict(ratio <= RATIO)} | {in_worker} |"
    )


def _automatic(model: str, of_model: dict[str, Any]) -> list[str]:
    contest: dict[str, list[list[float]]] = of_model["contest"]
    own = {name: _median(blocks) for name, blocks in contest.items() if name != PLAIN}
    best = min(own, key=lambda engine: own[engine])
    lines = []
    for visitor, engine in of_model["auto"].items():
        for other, aim in ((best, AUTO_RATIO), (PLAIN, PLAIN_RATIO)):
            ratio = _ratio(contest[engine], contest[other])
            against = other if other == PLAIN else f"the best, {other}"
            lines.append(
                f"| {model} | {visitor} | {engine}, {_ms(contest[engine])} "
                f"| {against}, {_ms(contest[other])} | {ratio:.3f} | {aim} "
                f"| {_verdict(ratio <= aim)} |"
            )
    return lines


def _endurance(run: dict[str, Any]) -> str:
    first, last = run["steps"][0], run["steps"][-1]
    grown = {name: last[name] - first[name] for name in ("heap_bytes", "resident_bytes")}
    held = last["tensors"] == first["tensors"] and max(grown.values()) <= GROWN_BYTES
    return (
        f"| {run['engine']} | {last['predictions']:,} | {first['tensors']} to {last['tensors']} "
        f"| {_mb(first['heap_bytes'])} {grown['heap_bytes'] / 1e6:+.2f} MB "
        f"| {_mb(first['resident_bytes'])} {grown['resident_bytes'] / 1e6:+.2f} MB "
        f"| {(last['with_garbage_bytes'] - first['with_garbage_bytes']) / 1e6:+.2f} MB "
        f"| {_verdict(held)} |"
    )


def block_ms(block: list[float]) -> float:
    """The mean of the middle half."""
    cut = len(block) // 4
    return mean(sorted(block)[cut : len(block) - cut])


def _ratio(ours: list[list[float]], other: list[list[float]]) -> float:
    return median(block_ms(a) / block_ms(b) for a, b in zip(ours, other, strict=True))


def _median(blocks: list[list[float]]) -> float:
    return median(map(block_ms, blocks))


def _ms(blocks: list[list[float]]) -> str:
    return f"{_median(blocks):.3f} ms"


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _verdict(held: bool) -> str:
    return "held" if held else "**not held**"
