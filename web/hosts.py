"""Which names a server answers to.

A page of another site may have its name resolve to this machine (DNS rebinding) and would then read
what is served here as its own. Such requests carry that name in their Host header.
"""

import ipaddress
import socket
from collections.abc import Callable

EVERY_ADDRESS = ("0.0.0.0", "::", "")


def host_check(host: str, also: tuple[str, ...] = ()) -> Callable[[str], bool]:
    """Whether a Host header (name with or without port) is one that this server goes by.

    Args:
        host: the address that it was told to listen on.
        also: further names, for example of a proxy.

    A server of this machine alone goes by `localhost` and its address; one that listens everywhere
    by any bare IP address, which no other site can claim, and by the machine's own names.
    """
    names = {host.lower(), "localhost", *(name.lower() for name in also)}
    if host in EVERY_ADDRESS:
        own = socket.gethostname().lower()
        names |= {own, f"{own}.local", socket.getfqdn().lower()}

    def known(header: str) -> bool:
        name = _without_port(header).lower()
        if name in names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return host in EVERY_ADDRESS or address.is_loopback

    return known


def _without_port(header: str) -> str:
    if header.startswith("["):  # an IPv6 address
        return header[1:].partition("]")[0]
    return header.partition(":")[0]
