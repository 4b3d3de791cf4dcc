"""Trees of /proc, /sys and /etc as boards have them, with the figures that real ones show."""

from collections.abc import Callable
from pathlib import Path

from edgeproof.edge.board import Process

_ARMV8 = "fp asimd evtstrm crc32 cpuid"
_ARMV7 = "half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm crc32"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def _cpuinfo(cores: int, features: str, part: str, tail: str = "") -> str:
    one = (
        "processor\t: {n}\nBogoMIPS\t: 108.00\nFeatures\t: {features}\n"
        "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: {part}\nCPU revision\t: 3\n\n"
    )
    return "".join(one.format(n=n, features=features, part=part) for n in range(cores)) + tail


def _pi(model: str, cores: int, features: str, part: str, memory_kb: int) -> dict[str, str]:
    cpu = "sys/devices/system/cpu"
    return {
        "proc/device-tree/model": model + "\0",
        "proc/cpuinfo": _cpuinfo(cores, features, part, "Serial\t\t: 10000000deadbeef\n"),
        "proc/meminfo": f"MemTotal: {memory_kb} kB\nMemFree: 9 kB\nMemAvailable: 300000 kB\n",
        "proc/self/cgroup": "0::/user.slice/session-1.scope\n",
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
        f"{cpu}/present": f"0-{cores - 1}\n" if cores > 1 else "0\n",
        **{f"{cpu}/cpu{n}/cpufreq/scaling_governor": "ondemand\n" for n in range(cores)},
        f"{cpu}/cpu0/cpufreq/scaling_cur_freq": "600000\n",
        f"{cpu}/cpu0/cpufreq/cpuinfo_max_freq": "1500000\n",
        "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
        "sys/class/thermal/thermal_zone0/temp": "48312\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "0\n",
    }


def pi_3(root: Path) -> Process:
    """A 32-bit system with a 32-bit kernel, as a Pi 3 starts it."""
    files = _pi("Raspberry Pi 3 Model B Plus Rev 1.3", 4, _ARMV7, "0xd03", 944_000)
    write(root, {**files, "etc/os-release": "PRETTY_NAME='Raspbian GNU/Linux 12 (bookworm)'\n"})
    return Process("armv7l", "6.12.25+rpt-rpi-v7", "3.11.2", 32, 4)


def pi_4(root: Path) -> Process:
    write(root, _pi("Raspberry Pi 4 Model B Rev 1.4", 4, _ARMV8, "0xd08", 3_884_368))
    return Process("aarch64", "6.12.25+rpt-rpi-v8", "3.11.2", 64, 4)


def pi_4_with_32_bit_system(root: Path) -> Process:
    """The 32-bit system on a Pi 4: its kernel is a 64-bit one all the same."""
    write(root, _pi("Raspberry Pi 4 Model B Rev 1.4", 4, _ARMV8, "0xd08", 3_884_368))
    return Process("aarch64", "6.12.25+rpt-rpi-v8", "3.11.2", 32, 4)


def pi_5(root: Path) -> Process:
    """Its firmware's file lies elsewhere, and it had too little voltage once."""
    files = _pi("Raspberry Pi 5 Model B Rev 1.0", 4, _ARMV8 + " atomics", "0xd0b", 8_256_000)
    del files["sys/devices/platform/soc/soc:firmware/get_throttled"]
    place = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled"
    write(root, {**files, place: "50005\n"})
    return Process("aarch64", "6.12.25+rpt-rpi-2712", "3.13.5", 64, 4)


def pi_zero(root: Path) -> Process:
    """The first one: one core of ARMv6, an older kernel without the firmware's file."""
    files = _pi("Raspberry Pi Zero W Rev 1.1", 1, "half thumb vfp tls", "0xb76", 443_000)
    del files["sys/devices/platform/soc/soc:firmware/get_throttled"]
    write(root, {**files, "usr/bin/vcgencmd": "#!/bin/sh\necho throttled=0x50000\n"})
    (root / "usr/bin/vcgencmd").chmod(0o755)
    return Process("armv6l", "6.12.25+rpt-rpi-v6", "3.11.2", 32, 1)


def pc(root: Path) -> Process:
    """No device tree and no firmware to ask; two governors, and a sensor that says nonsense."""
    processor = "processor\t: {n}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) N100\n"
    processor += "flags\t\t: fpu sse2 avx2\n\n"
    write(
        root,
        {
            "proc/cpuinfo": "".join(processor.format(n=n) for n in range(4)),
            "proc/meminfo": "MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n",
            "sys/class/dmi/id/product_name": "NUC12\n",
            "usr/lib/os-release": "PRETTY_NAME=Fedora 42\n",
            "sys/devices/system/cpu/present": "0-3\n",
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
            "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "performance\n",
            "sys/class/thermal/thermal_zone0/type": "acpitz\n",
            "sys/class/thermal/thermal_zone0/temp": "27800\n",
            "sys/class/thermal/thermal_zone1/type": "x86_pkg_temp\n",
            "sys/class/thermal/thermal_zone1/temp": "-274000\n",
        },
    )
    return Process("x86_64", "6.14.0", "3.13.5", 64, 4)


def container(root: Path) -> Process:
    """On a Pi 4: the device tree is masked, 1.5 processors and 512 MB may be used."""
    files = _pi("Raspberry Pi 4 Model B Rev 1.4", 4, _ARMV8, "0xd08", 3_884_368)
    del files["proc/device-tree/model"]
    files["proc/cpuinfo"] += "Model\t\t: Raspberry Pi 4 Model B Rev 1.4\n"
    files["proc/self/cgroup"] = "0::/\n"
    files["sys/fs/cgroup/cpu.max"] = "150000 100000\n"
    files["sys/fs/cgroup/memory.max"] = "536870912\n"
    write(root, files)
    return Process("aarch64", "6.12.25+rpt-rpi-v8", "3.11.2", 64, 4)


def silent(root: Path) -> Process:
    """A machine that tells nothing at all."""
    return Process("riscv64", "6.1", "3.12.0", 64, 1)


BOARDS: dict[str, Callable[[Path], Process]] = {
    board.__name__: board
    for board in (pi_3, pi_4, pi_4_with_32_bit_system, pi_5, pi_zero, pc, container, silent)
}
