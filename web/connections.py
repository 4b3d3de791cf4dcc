"""waitress with what it lacks: a time within which a request must be in, and an end that finishes.

waitress counts each byte that comes in as activity, so a client that dribbles headers holds its
connection for ever; and when it stops, answers that are under way are cut.
"""

import logging
import signal
import socket
import sys
import time
from collections.abc import Callable

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, create_server
from waitress.wasyncore import close_all
from waitress.wasyncore import dispatcher as Dispatcher

# files are read from the disk or memory: what a thread waits for is the others' processor time
_THREADS = 8
# browsers keep six connections each; waitress accepts no more than 100 by default
_CONNECTIONS = 2000
# descriptors for everything else: files that are being sent, the interpreter's own
_RESERVED = 200
_OPTIONS = {
    "threads": _THREADS,
    "backlog": 1024,
    # select, the default, ends the process at descriptor 1024
    "asyncore_use_poll": True,
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


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection on which bytes that complete no request are no activity."""

    def handle_read(self) -> None:
        incomplete, since = self.request, self.last_activity
        super().handle_read()
        if incomplete is not None and self.request is incomplete:
            self.last_activity = since


def server_on(listener: socket.socket, app: Flask) -> TcpWSGIServer:
    """A server for the application on a bound socket; it accepts at once and waits for `run`."""
    # six connections of each of some visitors at once are a queue, and no reason for a warning
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    limit = _descriptors(_CONNECTIONS + _RESERVED) - _RESERVED
    server = create_server(app, sockets=[listener], connection_limit=limit, **_OPTIONS)
    server.channel_class = _Channel
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
            _turn(server, timeout_s=1)
        Dispatcher.close(server)  # the listening socket alone: new visitors are refused
        deadline = time.monotonic() + _GRACE_S
        while len(signals) < 2 and time.monotonic() < deadline and _unfinished(server):
            _turn(server, timeout_s=0.05)
        server.task_dispatcher.shutdown()
        close_all(server._map)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _turn(server: TcpWSGIServer, *, timeout_s: float) -> None:
    server.asyncore.loop(timeout=timeout_s, map=server._map, use_poll=True, count=1)


def _unfinished(server: TcpWSGIServer) -> bool:
    """Whether an answer is under way. Connections without one are closed."""
    channels = list(server.active_channels.values())
    under_way = [c for c in channels if c.requests or c.total_outbufs_len]
    for channel in channels:
        channel.will_close = channel.will_close or channel not in under_way
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
