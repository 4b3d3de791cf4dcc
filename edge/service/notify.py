"""What a service tells systemd: that it is ready, alive, stopping (sd_notify(3), no dependency)."""

import os


def notify(state: str) -> bool:
    """Send assignments such as `READY=1` or `WATCHDOG=1` to the service manager.

    Args:
        state: one assignment a line, as sd_notify(3) names them.

    Returns:
        True where a service manager listens and took it; False where there is none
        (`NOTIFY_SOCKET` is not set) or it cannot be reached, which never stops the caller.

    Raises:
        ValueError: `state` holds no assignment.
    """
    if "=" not in state:
        raise ValueError(f"expected an assignment such as READY=1, got {state!r}")
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):  # systemd knows vsock: too, for whole virtual machines
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # an abstract socket: no file, Linux' own namespace
    import socket  # here, for nobody listens to most runs

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
        # a manager that does not read must not hold up the loop; the watchdog is pinged again
        connection.setblocking(False)
        try:
            connection.sendto(state.encode(), address)
        except OSError:
            return False
    return True


def watchdog_interval_s() -> float | None:
    """Seconds between two `WATCHDOG=1`: half of what systemd waits (sd_watchdog_enabled(3)).

    None where no watchdog watches this process: `WATCHDOG_USEC` is not set, or not meant for it.
    """
    limit_us = os.environ.get("WATCHDOG_USEC", "")
    if not limit_us.isascii() or not limit_us.isdigit() or int(limit_us) == 0:
        return None
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(limit_us) / 1e6 / 2
