"""What the machine does while something is measured, and what it says about the figures."""

import os
from pathlib import Path

from edgeproof.edge.bench.figures import Conditions
from edgeproof.edge.board import read_governor, read_temperature_c
from edgeproof.edge.throttling import read_throttling

_BUSY = 0.5  # of a core, by others


class Watch:
    """Reads the machine before the first case, after each, and at the end."""

    def __init__(self, root: Path = Path("/")) -> None:
        """`root`: where /proc, /sys and /usr lie."""
        self._root = root
        self._temperature_c = read_temperature_c(root)
        self._load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        first = read_throttling(root)
        self._before = None if first is None else set(first.since_boot)
        self._seen: set[str] = set()
        self.look()

    def look(self) -> None:
        """Note what holds now, and what has come since the start."""
        told = read_throttling(self._root)
        if told is not None:
            self._seen |= set(told.now) | (set(told.since_boot) - (self._before or set()))

    def conditions(self) -> Conditions:
        """From the start until now."""
        self.look()
        return Conditions(
            governor=read_governor(self._root),
            temperature_before_c=self._temperature_c,
            temperature_after_c=read_temperature_c(self._root),
            load_before=self._load,
            throttled=None if self._before is None else tuple(sorted(self._seen)),
        )


def warnings(conditions: Conditions, cores: int, most_threads: int) -> list[str]:
    """What makes the figures less sure, in sentences."""
    said = []
    if conditions.governor not in (None, "performance"):
        said.append(
            f"expected the governor performance, got {conditions.governor}: the frequency changes "
            "while it is measured; do: echo performance | sudo tee "
            "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        )
    if conditions.throttled:
        said.append(
            f"the board was slowed down during the run ({', '.join(conditions.throttled)}); "
            "give it its own power supply and a fan, and measure again"
        )
    if conditions.load_before is not None and conditions.load_before > _BUSY:
        said.append(
            f"{conditions.load_before:.1f} other processes wanted to run when this began; "
            "end them and measure again"
        )
    if most_threads > cores:
        said.append(f"{most_threads} threads on {cores} cores wait for each other")
    return said
