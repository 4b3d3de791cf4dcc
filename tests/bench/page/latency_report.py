"""The page's latencies as Markdown, with what each was to reach."""

from __future__ import annotations

from statistics import median
from typing import Any

# ours to bare, `auto` to the best, `auto` to the plain page
RATIO = 1.05
AUTO_RATIO = 1.10
PLAIN_RATIO = 1.0
GROWN_BYTES = 6_000_000  # resident memory of a process is known to no better than that


def markdown(result: dict[str, Any]) -> str:
    """Tables of engines, of the automatic choice and of memory."""
    machine = result["machine"]
    lines = [
        "One picture on each engine of the page, beside a bare loop around the same engine in a "
        "bare page of the same browser. Blocks of both in turn; the ratio is the median of the "
        "ratios of neighbouring blocks' medians.",
        "",
        f"{machine['system']}, {machine['cpus']} CPUs, load {machine['load_average'][0]:.1f} "
        f"before, Chromium {result['chromium']}, WebGL and WebGPU on SwiftShader.",
        "",
        "| model | engine | n | ours | bare | ratio | target | |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for model, of_model in result["models"].items():
        for engine, pair in of_model["engines"].items():
            ratio = _ratio(pair["ours_ms"], pair["bare_ms"])
            lines.append(
                f"| {model} | {engine} | {sum(map(len, pair['ours_ms']))} "
                f"| {_ms(pair['ours_ms'])} | {_ms(pair['bare_ms'])} | {ratio:.3f} | {RATIO} "
                f"| {_verdict(ratio <= RATIO)} |"
            )
    lines += ["", "| model | auto ends on | against | ratio | target | |"]
    lines.append("| --- | --- | --- | ---: | ---: | --- |")
    for model, of_model in result["models"].items():
        lines += _automatic(model, of_model)
    lines += ["", "| engine | predictions | tensors | heap | resident | with garbage | |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for run in result["endurance"]:
        lines.append(_endurance(run))
    return "\n".join(lines) + "\n"


def _automatic(model: str, of_model: dict[str, Any]) -> list[str]:
    chosen, plain = of_model["auto"], of_model["plain"]
    contest = of_model["contest"]
    times = {engine: _median(blocks) for engine, blocks in contest.items()}
    best = min(times, key=lambda engine: times[engine])
    to_best = _ratio(contest[chosen], contest[best])
    to_plain = _ratio(plain["ours_ms"], plain["plain_ms"])
    return [
        f"| {model} | {chosen}, {times[chosen]:.3f} ms | the best, {best}, {times[best]:.3f} ms "
        f"| {to_best:.3f} | {AUTO_RATIO} | {_verdict(to_best <= AUTO_RATIO)} |",
        f"| {model} | {chosen}, {_ms(plain['ours_ms'])} | plain TensorFlow.js page, "
        f"{plain['backend']}, {_ms(plain['plain_ms'])} | {to_plain:.4f} | < {PLAIN_RATIO} "
        f"| {_verdict(to_plain < PLAIN_RATIO)} |",
    ]


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


def _ratio(ours: list[list[float]], other: list[list[float]]) -> float:
    return median(median(a) / median(b) for a, b in zip(ours, other, strict=True))


def _median(blocks: list[list[float]]) -> float:
    return median(median(block) for block in blocks)


def _ms(blocks: list[list[float]]) -> str:
    return f"{_median(blocks):.3f} ms"


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _verdict(held: bool) -> str:
    return "held" if held else "**not held**"
