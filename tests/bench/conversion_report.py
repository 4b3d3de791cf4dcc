"""A comparison as Markdown."""

from __future__ import annotations

from typing import Any

# what the project has set itself
LIMITS = {"public tools": 0.25, "one float32 TFLiteConverter run": 1.3}


def markdown(result: dict[str, Any]) -> str:
    """The result as two tables, with the limits beside the ratios."""
    machine, versions = result["machine"], result["versions"]
    left_out = "" if result["with_tensorflowjs"] else " (without tensorflowjs: not installed)"
    lines = [
        f"MobileNetV2 224, {len(result['bytes'])} variants, median of {result['rounds']} "
        f"interleaved rounds of whole processes{left_out}.",
        "",
        f"{machine['system']}, {machine['cpus']} CPUs, load {machine['load_average'][0]:.1f}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items()),
        "",
        "| side | seconds | ours / it | limit | peak MB |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for side, seconds in result["median_seconds"].items():
        ratio = result["ratio_to"].get(side)
        shown = "" if ratio is None else f"{ratio:.2f}"
        peak = result["peak_bytes"][side] / 1e6
        lines.append(f"| {side} | {seconds:.1f} | {shown} | {LIMITS.get(side, '')} | {peak:.0f} |")
    lines += [
        "",
        "| variant | edgeproof bytes | public bytes | ratio |",
        "| --- | ---: | ---: | ---: |",
    ]
    for variant, sizes in result["bytes"].items():
        ours, theirs = sizes["edgeproof"], sizes["public"]
        row = f"{theirs:,} | {ours / theirs:.4f}" if theirs else "not made |"
        lines.append(f"| {variant} | {ours:,} | {row} |")
    lines += ["", "| installed | MB | distributions |", "| --- | ---: | ---: |"]
    for root, size in result["installed"].items():
        lines.append(f"| {root} | {size['bytes'] / 1e6:,.0f} | {size['distributions']} |")
    return "\n".join(lines) + "\n"
