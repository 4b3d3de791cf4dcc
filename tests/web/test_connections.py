"""Slow clients: what they may hold, and for how long. The clock is made faster than it runs."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edgeproof.web import connections
from edgeproof.web.app import create_app

TIMEOUT_S = 1


@pytest.fixture
def port(digits_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server in a thread that waits a second for a request where the real one waits 20."""
    quick = connections._OPTIONS | {"channel_timeout": TIMEOUT_S, "cleanup_interval": 0.1}
    monkeypatch.setattr(connections, "_OPTIONS", quick)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = connections.server_on(listener, create_app([digits_bundle]))

        def serve() -> None:
            while not stop.is_set():
                server.loop.turn(0.05)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        stop.set()
        thread.join()
        server.task_dispatcher.shutdown()
        server.loop.close()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def received(connection: socket.socket) -> bytes:
    """A whole answer of /healthz: its head and its body may come one by one."""
    answer = b""
    while not answer.endswith(b"}\n"):
        more = connection.recv(65536)
        assert more, f"closed after {answer!r}"
        answer += more
    return answer


def seconds_until_closed(connection: socket.socket, dribble: bytes) -> float:
    start = time.monotonic()
    connection.settimeout(0.1)
    while time.monotonic() - start < 6 * TIMEOUT_S:
        try:
            connection.sendall(dribble)
            if connection.recv(100) == b"":
                break
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            break
    return time.monotonic() - start


@pytest.mark.parametrize("dribble", [b"", b"X"], ids=["silent", "dribbling"])
def test_request_that_does_not_come_in_is_given_up(port: int, dribble: bytes) -> None:
    with closing(connected(port)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        assert seconds_until_closed(connection, dribble) < 4 * TIMEOUT_S


def test_request_in_two_parts_after_a_rest_is_answered(port: int) -> None:
    """The time runs from a request's first byte, not from the answer before it."""
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with closing(connected(port)) as connection:
        connection.sendall(request)
        assert b'"ok"' in received(connection)
        time.sleep(0.8 * TIMEOUT_S)
        connection.sendall(request[:20])
        time.sleep(0.6 * TIMEOUT_S)
        connection.sendall(request[20:])
        assert b'"ok"' in received(connection)


def test_more_connections_than_select_could_hold(port: int) -> None:
    """1,100 silent ones, and one that asks. waitress' select ends at descriptor 1024."""
    connections._descriptors(4000)
    held = [connected(port) for _ in range(1100)]
    try:
        with closing(connected(port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 200 " in connection.recv(65536)
    finally:
        for connection in held:
            connection.close()
