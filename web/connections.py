"""waitress as `edgeproof serve` runs it: its limits, and an end that finishes what is under way.

By itself waitress cuts the answers that it is sending when it is told to stop.
"""

import logging
import signal
import socket
import sys
import time
from collections.abc import Callable

from flask import Flask
from waitress.server import TcpWSGIServer, create_server
from waitress.wasyncore import dispatcher as Dispatcher

from edgeproof.web.event_loop import Channel, EventLoop

# files are read from the disk or memory: what a thread waits for is the others' processor time
_THREADS = 8
# browsers keep six connections each; waitress accepts no more than 100 by default
_CONNECTIONS = 2000
# descriptors for everything else: files that are being sent, the interpreter's own
_RESERVED = 200
_OPTIONS = {
    "threads": _THREADS,
    "backlog": 1024,
    # a request must be in, and a reader go on reading, within this many seconds
    "channel_timeout": 20,
    "cleanup_interval": 5,
    # nobody sends us anything: an address and a browser's own headers
    "max_request_header_size": 32 * 1024,
    "max_request_body_size": 64 * 1024,
    # a visitor who leaves in the middle of a download is no error
    "log_socket_errors": False,
    "ident": None,
}
# how long answers that are under way may take when the server is told to stop
_GRACE_S = 10


def server_on(listener: socket.socket, app: Flask) -> TcpWSGIServer:
    """A server for the application on a bound socket; it accepts at once and waits for `run`."""
    # six connections of each of some visitors at once are a queue, and no reason for a warning
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    limit = _descriptors(_CONNECTIONS + _RESERVED) - _RESERVED
    loop = EventLoop()
    options = {"sockets": [listener], "connection_limit": limit, **_OPTIONS}
    server = create_server(app, map=loop.sockets, **options)
    server.channel_class = Channel
    server.loop = loop
    return server


def run(server: TcpWSGIServer, announce: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way; a second signal cuts it.

    Args:
        announce: called once signals are waited for.
    """
    signals: list[int] = []

    def told(number: int, _frame: object) -> None:
        signals.append(number)
        server.pull_trigger()  # ends the wait for sockets

    before = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        announce()
        while not signals:
            server.loop.turn(1)
        Dispatcher.close(server)  # the listening socket alone: new visitors are refused
        deadline = time.monotonic() + _GRACE_S
        while len(signals) < 2 and time.monotonic() < deadline and _unfinished(server):
            server.loop.turn(0.05)
        server.task_dispatcher.shutdown()
        server.loop.close()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _unfinished(server: TcpWSGIServer) -> bool:
    """Whether an answer is under way. Connections without one are closed."""
    channels = list(server.active_channels.values())
    under_way = [c for c in channels if c.requests or c.total_outbufs_len]
    for channel in channels:
        if channel not in under_way:
            channel.will_close = True
    return bool(under_way)


def _descriptors(wanted: int) -> int:
    """How many descriptors this process may have: as many as wanted, where the system lets it."""
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed
