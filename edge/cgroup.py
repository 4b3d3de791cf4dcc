"""What a container or a service may use: the limits of this process's control groups."""

from pathlib import Path

_UNLIMITED_BYTES = 1 << 60  # version 1 writes about 2^63 where there is no limit


def cpu_quota(root: Path = Path("/")) -> float | None:
    """Processors' worth of time that may be used; None: no limit.

    Args:
        root: where /proc and /sys lie.
    """
    quotas = []
    for folder in _folders(root, "cpu"):
        both = _numbers(folder / "cpu.max")
        if not both:
            both = _numbers(folder / "cpu.cfs_quota_us") + _numbers(folder / "cpu.cfs_period_us")
        if len(both) == 2 and both[0] > 0 and both[1] > 0:
            quotas.append(both[0] / both[1])
    return min(quotas, default=None)


def memory_limit_bytes(root: Path = Path("/")) -> int | None:
    """Memory that may be used before the kernel ends something; None: no limit."""
    limits = []
    for folder in _folders(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limits += [n for n in _numbers(folder / name) if 0 < n < _UNLIMITED_BYTES]
    return min(limits, default=None)


def _folders(root: Path, controller: str) -> list[Path]:
    """This process's group and all above it: each of them may hold a limit."""
    try:
        lines = (root / "proc/self/cgroup").read_text(errors="replace").splitlines()
    except OSError:
        return []
    folders = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        # version 2 has one tree, version 1 one for each controller
        top = root / "sys/fs/cgroup" / (controller if controllers else "")
        parts = [part for part in path.split("/") if part not in ("", "..")]
        folders += [top.joinpath(*parts[:n]) for n in range(len(parts), -1, -1)]
    return folders


def _numbers(path: Path) -> list[int]:
    """`150000 100000` as two numbers; `max 100000`, which is no limit, as none."""
    try:
        return [int(word) for word in path.read_text(errors="replace").split()]
    except (OSError, ValueError):
        return []
