"""Web hosts that know nothing of the page: Python's file server, and nginx as we document it."""

import functools
import http.server
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

NGINX = shutil.which("nginx")
DOCUMENTED = Path("docs/web-host.md").absolute()
CONFIGURATION = """
daemon off;
pid {root}/nginx.pid;
error_log stderr crit;
events {{ }}
http {{
    access_log off;
    {temporary}
    {documented}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Python's own file server; logs no requests."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: a failing test shows what it has to."""


@contextmanager
def python_server(root: Path, host: type[Quiet] = Quiet) -> Iterator[str]:
    handler = functools.partial(host, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/models/try/"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def nginx_server(root: Path) -> Iterator[str]:
    if NGINX is None:
        pytest.skip("needs nginx: apt-get install nginx-light")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    temporary = "\n".join(f"{name}_temp_path {root}/.{name};" for name in TEMPORARY)
    configuration = root / "nginx.conf"
    # the very lines that our documentation tells people to write
    documented = DOCUMENTED.read_text().partition("```nginx\n")[2].partition("```")[0]
    for theirs, ours in (("listen 80;", f"listen 127.0.0.1:{port};"), ("/srv/www;", f"{root};")):
        assert documented.count(theirs) == 1
        documented = documented.replace(theirs, ours)
    configuration.write_text(
        CONFIGURATION.format(root=root, documented=documented, temporary=temporary)
    )
    root.chmod(0o755)  # its workers are another user
    for parent in root.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    with subprocess.Popen([NGINX, "-c", configuration, "-p", root]) as server:
        try:
            while not _answers(port):
                assert server.poll() is None
            yield f"http://127.0.0.1:{port}/models/try/"
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


def proved(page: Page) -> None:
    expect(page.locator("#proof")).to_have_attribute("data-state", "passed", timeout=60_000)


def kept(page: Page) -> None:
    expect(page.locator("#offline")).to_have_text("Works offline now", timeout=60_000)
