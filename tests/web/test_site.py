"""The page as plain files: on hosts that know nothing of it, below a path, without a network."""

import functools
import http.server
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from edgeproof.web.built_page import BuiltPage
from edgeproof.web.site import write_site

NGINX = shutil.which("nginx")
CONFIGURATION = """
daemon off;
pid {root}/nginx.pid;
error_log stderr crit;
events {{ }}
http {{
    access_log off;
    types {{
        text/html html; text/css css; text/javascript js; image/svg+xml svg;
        application/wasm wasm; application/json json; image/png png; image/jpeg jpg;
    }}
    default_type application/octet-stream;
    {temporary}
    server {{ listen 127.0.0.1:{port}; root {root}; gzip_static on; }}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, digits_bundle: Path) -> Path:
    """A document root whose folder `models/try` is the site."""
    root = tmp_path_factory.mktemp("root")
    write_site([digits_bundle], root / "models" / "try")
    return root


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Python's own file server; logs no requests."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: a failing test shows what it has to."""


@contextmanager
def python_server(root: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/models/try/"
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
    configuration.write_text(CONFIGURATION.format(root=root, port=port, temporary=temporary))
    root.chmod(0o755)  # its workers are another user
    for parent in root.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    with subprocess.Popen([NGINX, "-c", configuration, "-p", root]) as server:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except ConnectionRefusedError:
                assert server.poll() is None
        yield f"http://127.0.0.1:{port}/models/try/"
        server.terminate()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    opened = chromium.new_context()
    yield opened
    opened.close()


def proved(page: Page) -> None:
    expect(page.locator("#proof")).to_have_attribute("data-state", "passed", timeout=60_000)


def kept(page: Page) -> None:
    expect(page.locator("#offline")).to_have_text("Works offline now", timeout=60_000)


@pytest.mark.parametrize("server", [python_server, nginx_server])
def test_plain_host_serves_a_page_that_proves_itself(
    site: Path, context: BrowserContext, server: Callable[[Path], Iterator[str]]
) -> None:
    with server(site) as url:
        page = context.new_page()
        page.goto(url)
        proved(page)
        expect(page.locator("#winner-label")).to_have_text("0")
        assert not page.evaluate("crossOriginIsolated")
        kept(page)
        # from the second visit on the service worker isolates the page, and threads work
        page.goto(f"{url}?engine=tfjs-wasm-threads")
        assert page.evaluate("crossOriginIsolated")
        proved(page)
        assert page.locator("#engine").input_value() == "tfjs-wasm-threads"


def test_site_works_without_a_network_after_the_first_visit(
    site: Path, context: BrowserContext
) -> None:
    with python_server(site) as url:
        page = context.new_page()
        page.goto(url)
        proved(page)
        kept(page)
    # the server is gone
    page.goto(url)
    proved(page)
    page.click("#examples-list button >> nth=3")
    expect(page.locator("#answer")).to_be_visible()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")


def test_new_version_of_a_bundle_replaces_the_old_one_and_is_not_mixed_with_it(
    tmp_path: Path, bundle_copy: Path, context: BrowserContext
) -> None:
    root = tmp_path / "root"
    write_site([bundle_copy], root / "models" / "try")
    stored = "async () => (await (await caches.open((await caches.keys())[0])).keys()).map(r => r.url)"
    with python_server(root) as url:
        page = context.new_page()
        page.goto(url)
        proved(page)
        kept(page)
        (old,) = (root / "models/try/bundles/digits").iterdir()
        assert any(old.name in address for address in page.evaluate(stored))
        manifest = json.loads((bundle_copy / "bundle.json").read_text())
        (bundle_copy / "bundle.json").write_text(json.dumps(manifest | {"name": "newer digits"}))
        write_site([bundle_copy], root / "models" / "try", force=True)
        (new,) = (root / "models/try/bundles/digits").iterdir()
        assert new.name != old.name
        page.goto(url)
        proved(page)
        expect(page.locator("#title")).to_have_text("newer digits")
        kept(page)
        addresses = page.evaluate(stored)
    assert any(new.name in address for address in addresses)
    assert not any(old.name in address for address in addresses)


def test_altered_file_is_refused(
    tmp_path: Path, digits_bundle: Path, context: BrowserContext
) -> None:
    root = tmp_path / "root"
    write_site([digits_bundle], root / "models" / "try")
    shard = next(root.glob("models/try/bundles/digits/*/variants/tfjs-float32/*.bin"))
    content = bytearray(shard.read_bytes())
    content[100] ^= 1
    shard.write_bytes(content)
    with python_server(root) as url:
        page = context.new_page()
        page.goto(f"{url}?variant=tfjs-float32")
        expect(page.locator("#proof")).to_have_attribute("data-state", "failed", timeout=60_000)
        expect(page.locator("#proof-details")).to_contain_text("was altered: expected SHA-256")


def test_blocked_storage_is_said_and_the_page_goes_on(site: Path, context: BrowserContext) -> None:
    context.add_init_script(
        "navigator.serviceWorker.register = () => Promise.reject(new Error('blocked here'))"
    )
    with python_server(site) as url:
        page = context.new_page()
        page.goto(url)
        proved(page)
        expect(page.locator("#offline")).to_have_text("Not kept for offline use: blocked here")


def test_document_states_the_policy_itself(site: Path) -> None:
    document = (site / "models/try/index.html").read_text()
    assert document.index("Content-Security-Policy") < document.index("<script")
    assert "default-src &#x27;none&#x27;" in document


def test_only_what_browsers_load_is_written(site: Path) -> None:
    folder = site / "models/try"
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert not [n for n in names if "tflite-int8" in n or "heldout" in n or "/js/" in n]
    version = BuiltPage.open().version
    for needed in ("index.html", "sw.js", f"static/{version}/dist/main.js.br"):
        assert needed in names


def test_command_says_what_it_wrote(
    tmp_path: Path,
    digits_bundle: Path,
    cli: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = cli("site", digits_bundle, "-o", tmp_path / "site", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert set(said) == {"folder", "bundles", "files", "bytes"}
    again = cli("site", digits_bundle, "-o", tmp_path / "site")
    assert again.returncode == 1
    assert "expected a new folder" in again.stderr
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    forced = cli("site", digits_bundle, "-o", tmp_path / "other", "--force")
    assert forced.returncode == 1
    assert (tmp_path / "other" / "thesis.txt").read_text() == "mine"
