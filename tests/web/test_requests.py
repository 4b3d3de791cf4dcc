"""Odd and hostile requests to the server as it really runs: over a socket, in its own process."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from edgeproof.web.built_page import BuiltPage
from edgeproof.web.hosts import host_check
from edgeproof.web.served import served_bundle

COMMAND = [str(Path(sys.executable).with_name("edgeproof")), "serve"]
PAGE = BuiltPage.open()
# 9 MB as it is: more than the sockets between hold
LARGE = "vendor/litert_wasm_internal.wasm"

# bytes of a request's head that are read; one more would be left unread, and reset the answer
LIMIT = 32 * 1024


class Server(NamedTuple):
    process: subprocess.Popen[str]
    port: int
    bundle: str  # the address of the bundle's folder


def started(bundle: Path, *options: str) -> Server:
    process = subprocess.Popen(
        [*COMMAND, str(bundle), "--port", "0", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = int(json.loads(process.stdout.readline())["url"].rsplit(":", 1)[1].strip("/"))
    version = served_bundle(bundle, "digits").version
    return Server(process, port, f"/bundles/digits/{version}")


def ended(server: Server) -> str:
    """Ends the server; returns what it said on stderr after its greeting."""
    server.process.terminate()
    _, said = server.process.communicate(timeout=30)
    greeting, _, rest = said.partition("\n")
    assert greeting == "Ctrl-C stops it."
    return rest


@pytest.fixture(scope="module")
def server(digits_bundle: Path) -> Iterator[Server]:
    # as people name it, relative to where they are
    running = started(Path(os.path.relpath(digits_bundle)))
    yield running
    # whatever was asked: no traceback, no warning, no log
    assert ended(running) == ""
    assert running.process.returncode == 0


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(server: Server, target: str, method: str = "GET", **headers: str) -> Answer:
    """One request, its target sent as it is; `If_Range` becomes the header If-Range."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, headers=named)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def say(server: Server, request: bytes) -> bytes:
    """These very bytes to the server, and all that it answers until it closes or says no more."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "path",
    [
        "../app.py",
        "%2e%2e/app.py",
        "%252e%252e/app.py",
        "..%2fapp.py",
        "..%5capp.py",
        "..\\app.py",
        "js/..%2f..%2f..%2fapp.py",
        "%c0%ae%c0%ae/app.py",
        "%00",
        "dist/main.js%00.css",
        "dist/main.js/",
        "dist/",
        "dist/inputs.sha256",
        "dist/main.js.br",
        "%ff%fe",
        "/etc/passwd",
        "a" * 5000,
        "dist/" + "a/" * 4000,
    ],
)
@pytest.mark.parametrize("where", ["page", "bundle"])
def test_no_spelling_of_a_path_leads_elsewhere(server: Server, path: str, where: str) -> None:
    folder = f"/static/{PAGE.version}" if where == "page" else server.bundle
    found = ask(server, f"{folder}/{path}")
    if found.status == 308:  # two slashes become one; nothing but that
        found = ask(server, found.headers["Location"])
    assert found.status == 404
    assert found.headers["Content-Type"].startswith("text/plain")
    assert found.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"])
@pytest.mark.parametrize("target", ["/", "/healthz", "PAGE/dist/main.js"])
def test_other_methods_are_refused(server: Server, method: str, target: str) -> None:
    answer = ask(server, target.replace("PAGE", f"/static/{PAGE.version}"), method)
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "target", ["/", "/bundles.json", "PAGE/dist/main.js", "BUNDLE/bundle.json"]
)
def test_head_says_what_get_sends(server: Server, target: str) -> None:
    target = target.replace("PAGE", f"/static/{PAGE.version}").replace("BUNDLE", server.bundle)
    got, head = ask(server, target), ask(server, target, "HEAD")
    assert head.status == 200
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(got.body))
    assert len(got.body) > 0
    for name in ("ETag", "Content-Type", "Cache-Control", "Content-Security-Policy"):
        assert head.headers[name] == got.headers[name]


def test_parts_of_a_file(server: Server, digits_bundle: Path) -> None:
    target = f"{server.bundle}/golden/inputs.npy"
    content = (digits_bundle / "golden/inputs.npy").read_bytes()
    part = ask(server, target, Range="bytes=6-9")
    assert (part.status, part.body) == (206, content[6:10])
    assert part.headers["Content-Range"] == f"bytes 6-9/{len(content)}"
    assert ask(server, target, Range="bytes=-5").body == content[-5:]
    assert ask(server, target, Range=f"bytes={len(content) - 2}-").body == content[-2:]
    beyond = ask(server, target, Range=f"bytes={len(content)}-")
    assert beyond.status == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(content)}"
    etag = part.headers["ETag"]
    assert ask(server, target, Range="bytes=0-0", If_Range=etag).status == 206
    changed = ask(server, target, Range="bytes=0-0", If_Range='"another"')
    assert (changed.status, changed.body) == (200, content)


def test_unchanged_file_is_not_sent_again(server: Server) -> None:
    for target in ("/", "/bundles.json", f"/static/{PAGE.version}/dist/main.js"):
        first = ask(server, target, Accept_Encoding="br")
        second = ask(server, target, Accept_Encoding="br", If_None_Match=first.headers["ETag"])
        assert (second.status, second.body) == (304, b"")
        assert ask(server, target, If_None_Match='"other"').status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [("rebound.example", 400), ("a b", 400), ("127.0.0.1", 200), ("localhost:1", 200)],
)
def test_host_is_checked(server: Server, host: str, status: int) -> None:
    request = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert say(server, request.encode()).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /healthz HTTP/1.0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: rebound.example\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: rebound.example\r\nX-Forwarded-Host: localhost\r\n\r\n",
    ],
    ids=["HTTP/1.0", "none", "two", "forwarded"],
)
def test_host_that_is_missing_or_claimed_is_refused(server: Server, request_: bytes) -> None:
    assert b" 400 " in say(server, request_).split(b"\r\n", 1)[0]


def test_requests_may_be_sent_ahead(server: Server) -> None:
    """Pipelining: the answers come in the order of the requests."""
    version = PAGE.version
    targets = ["/healthz", f"/static/{version}/icon.svg", "/nothing", "/healthz"]
    lines = [f"GET {t} HTTP/1.1\r\nHost: localhost\r\n" for t in targets]
    answered = say(server, ("\r\n".join(lines) + "Connection: close\r\n\r\n").encode())
    kinds = [part.split(b" ", 1)[0] for part in answered.split(b"HTTP/1.1 ")[1:]]
    assert kinds == [b"200", b"200", b"404", b"200"]
    assert answered.index(b"<svg") < answered.index(b" 404 ")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /".ljust(LIMIT, b"a"), b"431"),
        ((b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * LIMIT)[:LIMIT], b"431"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nBad\x00: 1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n folded: 1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    ],
    ids=["long address", "many headers", "large body", "NUL", "folded", "TLS"],
)
def test_what_is_no_request_for_us_is_refused_at_once(
    server: Server, request_: bytes, status: bytes
) -> None:
    answer = say(server, request_)
    assert answer.split(b" ")[1] == status
    assert answer.count(b"HTTP/1.") == 1


def test_health_is_never_kept(server: Server) -> None:
    health = ask(server, "/healthz")
    assert json.loads(health.body) == {"status": "ok", "bundles": 1}
    assert health.headers["Cache-Control"] == "no-store"


def test_aborted_downloads_leave_nothing_behind(server: Server) -> None:
    descriptors = Path(f"/proc/{server.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    target = f"/static/{PAGE.version}/{LARGE}"
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            connection.recv(1000)
            # closed with data unread: the server's end is reset
    for _ in range(100):
        if len(list(descriptors.iterdir())) <= before:
            break
        time.sleep(0.05)
    assert len(list(descriptors.iterdir())) <= before
    assert ask(server, "/healthz").status == 200


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_download_under_way_is_finished_when_told_to_stop(
    digits_bundle: Path, stop: signal.Signals
) -> None:
    running = started(digits_bundle)
    size = (PAGE.folder / LARGE).stat().st_size
    target = f"/static/{PAGE.version}/{LARGE}"
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        idle = socket.create_connection(("127.0.0.1", running.port), timeout=20)
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        received = connection.recv(1000)
        running.process.send_signal(stop)
        with closing(idle):  # a connection without a request is closed at once
            assert idle.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.port))
        received += b"".join(iter(lambda: connection.recv(1 << 16), b""))
    _, said = running.process.communicate(timeout=30)
    assert running.process.returncode == 0
    assert said == "Ctrl-C stops it.\n"
    assert len(received.partition(b"\r\n\r\n")[2]) == size


def test_second_signal_does_not_wait(digits_bundle: Path) -> None:
    running = started(digits_bundle)
    target = f"/static/{PAGE.version}/{LARGE}"
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        connection.recv(1000)
        running.process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(timeout=0.5)  # it would finish what this client does not read
        running.process.terminate()
        assert running.process.wait(timeout=5) == 0
    running.process.communicate()


def test_access_log_is_one_line_for_each_request_and_off_by_default(digits_bundle: Path) -> None:
    running = started(digits_bundle, "--access-log")
    ask(running, "/healthz")
    ask(running, "/a%0d%0aforged%1b[31m")
    first, second = ended(running).splitlines()
    assert " 127.0.0.1 GET /healthz 200 " in first
    assert " GET /a%0D%0Aforged%1B%5B31m 404 " in second


def test_name_with_a_final_dot_or_a_user_is_not_ours() -> None:
    own = host_check("127.0.0.1")
    assert own("localhost:8000")
    for claimed in (
        "localhost.",
        "user@localhost",
        "localhost@other.example",
        "127.0.0.1.example",
    ):
        assert not own(claimed)
