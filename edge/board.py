"""Facts of the machine that this process runs on. What it does not tell is None, never a guess."""

import hashlib
import json
import os
import platform
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

from edgeproof.edge.cgroup import cpu_quota, memory_limit_bytes
from edgeproof.edge.throttling import Throttling, read_throttling

# the processors of every Raspberry Pi, by the part number of ARM's designs (implementer 0x41)
_ARM_PARTS = {
    "0xb76": "ARM1176",
    "0xc07": "Cortex-A7",
    "0xd03": "Cortex-A53",
    "0xd08": "Cortex-A72",
    "0xd0b": "Cortex-A76",
}
_CPU_ZONES = ("cpu", "soc", "pkg")
_PLAUSIBLE_C = (-50.0, 150.0)  # sensors without a reading say -274 or 0x7fff


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Process:
    """What the running interpreter tells of itself.

    Attributes:
        machine: the kernel's architecture, which pip's markers read as well.
        bits: 32 or 64, of this very Python.
        affinity: processors that the scheduler may give it.
    """

    machine: str = field(default_factory=platform.machine)
    kernel: str = field(default_factory=platform.release)
    python: str = field(default_factory=platform.python_version)
    bits: int = struct.calcsize("P") * 8
    affinity: int = field(default_factory=_affinity)


@dataclass(frozen=True)
class Board:
    """Facts of a machine. None: it does not tell.

    Attributes:
        model: `Raspberry Pi 4 Model B Rev 1.4`.
        processor: `Cortex-A72`, or a PC's own name.
        system: `Debian GNU/Linux 12 (bookworm)`.
        machine, bits, python, kernel: see `Process`.
        cores: processors that this process may run on.
        cpu_quota: how many of them it may keep busy all the time; None: all.
        memory_bytes: of the board, or what a container or service may use of it.
        memory_available_bytes: what can be had without swapping.
        governor: of the processor's frequency; several are joined by commas.
        frequency_mhz, max_frequency_mhz: of the first processor, now and at most.
        temperature_c: of the processor.
        throttling: what the firmware says; only a Raspberry Pi does.
    """

    model: str | None
    processor: str | None
    system: str | None
    machine: str
    bits: int
    kernel: str
    python: str
    cores: int
    cpu_quota: float | None
    memory_bytes: int | None
    memory_available_bytes: int | None
    governor: str | None
    frequency_mhz: float | None
    max_frequency_mhz: float | None
    temperature_c: float | None
    throttling: Throttling | None

    @property
    def usable_cores(self) -> int:
        """Threads that are worth starting."""
        quota = self.cores if self.cpu_quota is None else max(1, int(self.cpu_quota))
        return min(self.cores, quota)

    @property
    def is_32_bit_on_64_bit_kernel(self) -> bool:
        """A 32-bit Raspberry Pi OS as it starts on a Pi 4 or 5: pip takes it for a 64-bit one."""
        return self.bits == 32 and self.machine in ("aarch64", "x86_64")


def read_board(root: Path = Path("/"), process: Process | None = None) -> Board:
    """Read every fact anew.

    Args:
        root: where /proc, /sys, /etc and /usr lie.
        process: default: this one.
    """
    process = process or Process()
    cpu = _cpuinfo(root)
    memory = _fields(root / "proc/meminfo")
    cpufreq = root / "sys/devices/system/cpu/cpu0/cpufreq"
    limits = (_kilobytes(memory.get("MemTotal")), memory_limit_bytes(root))
    return Board(
        model=_model(root, cpu),
        processor=_processor(cpu),
        system=_system(root),
        machine=process.machine,
        bits=process.bits,
        kernel=process.kernel,
        python=process.python,
        cores=process.affinity,
        cpu_quota=cpu_quota(root),
        memory_bytes=min((n for n in limits if n is not None), default=None),
        memory_available_bytes=_kilobytes(memory.get("MemAvailable")),
        governor=read_governor(root),
        frequency_mhz=_thousandths(cpufreq / "scaling_cur_freq"),
        max_frequency_mhz=_thousandths(cpufreq / "cpuinfo_max_freq"),
        temperature_c=read_temperature_c(root),
        throttling=read_throttling(root),
    )


def board_id(root: Path = Path("/"), process: Process | None = None) -> str:
    """A name for boards that compute alike: `raspberry-pi-4-model-b-rev-1-4-9f86d081884c`.

    Made of the model, the processor with its instructions, how many there are, and the architecture
    of kernel and Python. The same after every restart, the same on two boards of one kind, and no
    serial number: it may be written anywhere.
    """
    process = process or Process()
    cpu = _cpuinfo(root)
    model = _model(root, cpu) or _processor(cpu) or process.machine
    features = sorted((cpu.get("Features") or cpu.get("flags") or "").split())
    parts = [cpu.get(name) for name in ("CPU implementer", "CPU part", "vendor_id", "model name")]
    present = _line(root / "sys/devices/system/cpu/present")
    kind = [model, process.machine, process.bits, present, parts, features]
    digest = hashlib.sha256(json.dumps(kind).encode()).hexdigest()[:12]
    words = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:60]
    return f"{words}-{digest}"


def read_governor(root: Path = Path("/")) -> str | None:
    """The frequency governor of all processors."""
    files = root.glob("sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")
    return ", ".join(sorted({said for said in map(_line, files) if said})) or None


def read_temperature_c(root: Path = Path("/")) -> float | None:
    """Of the processor's zone, else of the first one that says something believable."""
    zones = sorted(root.glob("sys/class/thermal/thermal_zone[0-9]*"))
    kinds = {zone: (_line(zone / "type") or "").lower() for zone in zones}
    zones.sort(key=lambda zone: not any(word in kinds[zone] for word in _CPU_ZONES))
    for zone in zones:
        celsius = _thousandths(zone / "temp")
        if celsius is not None and _PLAUSIBLE_C[0] < celsius < _PLAUSIBLE_C[1]:
            return celsius
    return None


def _model(root: Path, cpu: dict[str, str]) -> str | None:
    """From the device tree; where a container hides it from /proc/cpuinfo; from a PC's firmware."""
    firmware = root / "sys/class/dmi/id/product_name"
    return _line(root / "proc/device-tree/model") or cpu.get("Model") or _line(firmware)


def _processor(cpu: dict[str, str]) -> str | None:
    if cpu.get("CPU implementer") == "0x41" and cpu.get("CPU part") in _ARM_PARTS:
        return _ARM_PARTS[cpu["CPU part"]]
    return cpu.get("model name")


def _system(root: Path) -> str | None:
    for name in ("etc/os-release", "usr/lib/os-release"):
        said = _fields(root / name, "=").get("PRETTY_NAME", "").strip("\"'")
        if said:
            return said
    return None


def _cpuinfo(root: Path) -> dict[str, str]:
    return _fields(root / "proc/cpuinfo")


def _fields(path: Path, separator: str = ":") -> dict[str, str]:
    """Lines `name: value`; of a repeated name the first, since processors are listed one by one."""
    found: dict[str, str] = {}
    for line in _text(path).splitlines():
        name, mark, value = line.partition(separator)
        if mark:
            found.setdefault(name.strip(), value.strip())
    return {name: value for name, value in found.items() if value}


def _line(path: Path) -> str | None:
    return _text(path).replace("\0", "").strip() or None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _kilobytes(said: str | None) -> int | None:
    """`3884368 kB` as bytes."""
    number = (said or "").split(" ")[0]
    return int(number) * 1024 if number.isdecimal() else None


def _thousandths(path: Path) -> float | None:
    """`48312` (thousandths of a degree, kHz) as 48.312."""
    said = _line(path) or ""
    return int(said) / 1000 if re.fullmatch(r"-?\d+", said) else None
