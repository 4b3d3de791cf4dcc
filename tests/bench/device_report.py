"""The device's figures as Markdown, with what each was to reach."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

# what the project has set itself; ratios are ours to bare
PREPARED_RATIO = 1.03  # MobileNetV2
PREPARED_MORE_US = 40.0  # digits
WHOLE_PATH_RATIO = 1.05
CONTRACT_RATIO = 1.00
START_RATIO = 1.3
FOLDER_SHARE = 0.85
PEAK_MORE_MB = 10.0
GROWN_MB = 1.0


@dataclass(frozen=True)
class Row:
    """One target: the figures of both sides and whether it holds.

    Attributes:
        processor: of whole processes, ours to bare; what else the machine does weighs less on it.
    """

    what: str
    ours: str
    bare: str
    figure: str
    target: str
    held: bool
    processor: str = ""


def markdown(result: dict[str, Any]) -> str:
    """One table of targets, and what it was measured on and with."""
    machine = result["machine"]
    lines = [
        "Edgeproof on a device beside the bare runtime (`set_tensor`, `invoke`, `get_tensor`; "
        "Pillow's decode and resize; values looked up in a table). Both sides in turn; medians, "
        "for whole processes the median ratio of neighbours; one thread for the model; an "
        "environment with `edgeproof[edge]` and nothing else.",
        "",
        f"{machine['system']}, {machine['cpus']} CPUs, load {machine['load_average'][0]:.1f} "
        f"before, Python {machine['python']}; "
        + ", ".join(f"{name} {version}" for name, version in result["versions"].items()),
        "",
        "| what | n | ours | bare | figure | target | | processor time |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: |",
    ]
    for n, row in _rows(result):
        verdict = "held" if row.held else "**not held**"
        lines.append(
            f"| {row.what} | {n:,} | {row.ours} | {row.bare} | {row.figure} | {row.target} "
            f"| {verdict} | {row.processor} |"
        )
    return "\n".join(lines) + "\n"


def _rows(result: dict[str, Any]) -> list[tuple[int, Row]]:
    rows = []
    for model, variants in result["loops"].items():
        for variant, loops in variants.items():
            name = f"{model} {variant.removeprefix('tflite-')}"
            rows += [(loops["n"], row) for row in _loop_rows(model, name, loops)]
    for model, start in result["start"].items():
        rows += [(start["n"], row) for row in _start_rows(model, start)]
    for model, folder in result["folder"].items():
        rows.append((folder["n"], _folder_row(model, folder)))
    return rows + [(result["endurance"]["n"], row) for row in _endurance_rows(result["endurance"])]


def _loop_rows(model: str, name: str, loops: dict[str, Any]) -> list[Row]:
    whole = loops["whole path"]
    prepared = loops["prepared"]
    if model == "digits":
        more = (prepared["ours"] - prepared["bare"]) * 1e3
        first = Row(
            f"{name}: prepared image",
            f"{prepared['ours'] * 1e3:.1f} µs",
            f"{prepared['bare'] * 1e3:.1f} µs",
            f"{more:+.1f} µs",
            f"≤ +{PREPARED_MORE_US:.0f} µs",
            more <= PREPARED_MORE_US,
        )
    else:
        first = _ratio_row(f"{name}: prepared image", prepared, prepared["bare"], PREPARED_RATIO)
    contract = loops["contract"]
    return [
        first,
        _ratio_row(
            f"{name}: whole path of a JPEG of 640x480", whole, whole["bare"], WHOLE_PATH_RATIO
        ),
        _ratio_row(
            f"{name}: input contract, Pillow's resize", contract, contract["bare"], CONTRACT_RATIO
        ),
    ]


def _ratio_row(what: str, sides: dict[str, float], bare: float, limit: float) -> Row:
    ratio = sides["ours"] / bare
    shown = [f"{sides['ours']:.3f} ms", f"{bare:.3f} ms", f"{ratio:.3f}", f"≤ {limit:.2f}"]
    # two digits are what a run repeats
    return Row(what, *shown, round(ratio, 2) <= limit)


def _start_rows(model: str, start: dict[str, Any]) -> list[Row]:
    ours, bare = (statistics.median(start["seconds"][side]) for side in ("ours", "bare"))
    ratio = _median_ratio(start["seconds"])
    peak, bare_peak = (statistics.median(start["peak_bytes"][s]) / 1e6 for s in ("ours", "bare"))
    more = peak - bare_peak
    return [
        Row(
            f"{model}: process start to first label",
            f"{ours:.3f} s",
            f"{bare:.3f} s",
            f"{ratio:.2f}",
            f"≤ {START_RATIO}",
            ratio <= START_RATIO,
            f"{_median_ratio(start['processor_s']):.2f}",
        ),
        Row(
            f"{model}: peak RSS",
            f"{peak:.1f} MB",
            f"{bare_peak:.1f} MB",
            f"{more:+.1f} MB",
            f"≤ +{PEAK_MORE_MB:.0f} MB",
            more <= PEAK_MORE_MB,
        ),
    ]


def _median_ratio(sides: dict[str, list[float]]) -> float:
    """Of neighbours in time, so that what else a machine does weighs on both alike."""
    pairs = zip(sides["ours"], sides["bare"], strict=True)
    return statistics.median(ours / bare for ours, bare in pairs)


def _folder_row(model: str, folder: dict[str, Any]) -> Row:
    pictures = folder["pictures"]
    ours, bare = (pictures / statistics.median(folder["seconds"][s]) for s in ("ours", "bare"))
    share = 1 / _median_ratio(folder["seconds"])
    return Row(
        f"{model}: `classify FOLDER` of {pictures:,} JPEGs, two bare processes",
        f"{ours:.0f}/s",
        f"{bare:.0f}/s",
        f"{share:.1%}",
        f"≥ {FOLDER_SHARE:.0%}",
        share >= FOLDER_SHARE,
        f"{_median_ratio(folder['processor_s']):.2f}",
    )


def _endurance_rows(endurance: dict[str, Any]) -> list[Row]:
    grown = endurance["grown_bytes"] / 1e6
    more = endurance["descriptors_grown"]
    what = "digits: after the first 1,000 classifications"
    first = f"{endurance['first_bytes'] / 1e6:.1f} MB"
    return [
        Row(f"{what}, RSS", first, "", f"{grown:+.2f} MB", f"< {GROWN_MB:.0f} MB", grown < 1),
        Row(f"{what}, descriptors", "", "", f"{more:+d}", "0", more == 0),
    ]
