"""On what a run was made: machine and versions, for `metrics.json` and `config.json`."""

import os
import platform
from importlib.metadata import version

_PACKAGES = ("edgeproof", "tensorflow", "keras", "numpy", "Pillow")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def machine() -> dict[str, str | int]:
    """Processor, cores and system: enough to judge a wall time by, nothing that names the host."""
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.release()}",
    }


def _processor() -> str:
    cpuinfo = "/proc/cpuinfo"
    if os.path.isfile(cpuinfo):
        with open(cpuinfo, encoding="utf-8", errors="replace") as file:
            for line in file:
                # "Model" on a Raspberry Pi; "model" on a PC is a number of the processor's family
                if line.startswith(("model name", "Model\t")):
                    return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
