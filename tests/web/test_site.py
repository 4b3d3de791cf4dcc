"""The page as plain files: on hosts that know nothing of it, below a path, without a network."""

import functools
import http.server
import io
import json
import shutil
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar
from urllib.parse import urljoin

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from edgeproof.web.built_page import BuiltPage
from edgeproof.web.site import write_site
from tests.web import icons

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
def python_server(root: Path, host: type[Quiet] = Quiet) -> Iterator[str]:
    handler = functools.partial(host, directory=str(root))
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
        # Python's server sends no headers
        assert page.evaluate("crossOriginIsolated") is (server is nginx_server)
        kept(page)
        # from the second visit on the service worker isolates the page, and threads work
        page.goto(f"{url}?engine=tfjs-wasm-threads")
        assert page.evaluate("crossOriginIsolated")
        proved(page)
        assert page.locator("#engine").input_value() == "tfjs-wasm-threads"
        kept(page)
    # the server is gone: the page, the model and the engine that was used are here
    for address in (f"{url}?engine=tfjs-wasm-threads", f"{url}index.html"):
        page.goto(address)
        proved(page)
        page.click("#examples-list button >> nth=3")
        expect(page.locator("#answer")).to_be_visible()
        expect(page.locator("#results")).to_have_attribute("aria-busy", "false")


def test_documented_nginx_sends_compressed_files_that_browsers_keep(site: Path) -> None:
    version = BuiltPage.open().version
    with nginx_server(site) as url:
        answers = {}
        for path in ("", "sw.js", f"static/{version}/dist/main.js", "bundles.json"):
            request = urllib.request.Request(url + path, headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(request) as response:
                answers[path] = response.headers
    for path, headers in answers.items():
        is_kept = "immutable" in headers["Cache-Control"]
        assert is_kept is path.startswith("static/"), path
        assert headers["Content-Encoding"] == "gzip"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_engine_with_threads_is_had_at_once_after_one_reload(
    site: Path, context: BrowserContext
) -> None:
    with python_server(site) as url:
        page = context.new_page()
        page.goto(f"{url}?engine=tfjs-wasm-threads")
        proved(page)
        assert page.evaluate("crossOriginIsolated")
        assert page.locator("#engine").input_value() == "tfjs-wasm-threads"


@pytest.mark.parametrize(
    ("hindrance", "documents"),
    [
        # isolated or not, the page is told that it is not: it must not try for ever
        ("Object.defineProperty(window, 'crossOriginIsolated', {value: false})", 2),
        ("navigator.serviceWorker.register = () => Promise.reject(new Error('blocked'))", 1),
        ("Object.defineProperty(window, 'sessionStorage', {get() { throw new Error('no') }})", 1),
    ],
    ids=["never isolated", "no worker", "no storage"],
)
def test_page_is_loaded_again_once_at_most(
    site: Path, context: BrowserContext, hindrance: str, documents: int
) -> None:
    context.add_init_script(hindrance)
    loaded: list[str] = []
    with python_server(site) as url:
        page = context.new_page()
        page.on("request", lambda r: loaded.append(r.url) if r.is_navigation_request() else None)
        page.goto(f"{url}?engine=tfjs-wasm-threads")
        expect(page.locator("#proof:not([data-state=busy])")).to_be_visible(timeout=60_000)
        page.wait_for_timeout(1500)
        expect(page.locator("#proof:not([data-state=busy])")).to_be_visible(timeout=60_000)
    assert len(loaded) == documents


class Faulty(Quiet):
    """A host whose documents can be made to fail or never to come; the files go on."""

    fault: ClassVar[str] = ""
    released: ClassVar[threading.Event]

    def do_GET(self) -> None:
        if self.path.endswith("/") and self.fault == "503":
            self.send_error(503)
        elif self.path.endswith("/") and self.fault == "silence":
            self.released.wait(60)
        else:
            super().do_GET()


@pytest.mark.parametrize("fault", ["503", "silence"])
def test_kept_page_stands_in_for_a_host_that_fails(
    site: Path, context: BrowserContext, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(Faulty, "released", threading.Event(), raising=False)
    with python_server(site, Faulty) as url:
        page = context.new_page()
        page.goto(url)
        proved(page)
        kept(page)
        monkeypatch.setattr(Faulty, "fault", fault)
        page.goto(url)
        proved(page)
        Faulty.released.set()


def test_two_sites_of_one_host_keep_their_own(
    site: Path, tmp_path: Path, bundle_copy: Path, context: BrowserContext
) -> None:
    """GitHub Pages and many others give all sites of a user one origin."""
    root = tmp_path / "root"
    shutil.copytree(site / "models/try", root / "models" / "try")
    path = bundle_copy / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"name": "second"}))
    write_site([bundle_copy], root / "second")
    with python_server(root) as url:
        second = url.replace("models/try", "second")
        page = context.new_page()
        for address in (url, second):
            page.goto(address)
            proved(page)
            kept(page)
    for address, title in ((url, "digits"), (second, "second")):
        page.goto(address)
        proved(page)
        expect(page.locator("#title")).to_have_text(title)


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


def test_full_storage_is_said_and_the_page_goes_on(site: Path, context: BrowserContext) -> None:
    with python_server(site) as url:
        page = context.new_page()
        origin = url.removesuffix("/models/try/")
        quota = {"origin": origin, "quotaSize": 50_000}
        context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", quota)
        page.goto(url)
        proved(page)
        expect(page.locator("#offline")).to_have_text(
            "Not kept for offline use: storage is full or blocked", timeout=60_000
        )
        page.click("#examples-list button >> nth=3")
        expect(page.locator("#answer")).to_be_visible()
        page.goto(url)
        proved(page)


def test_document_of_a_newer_site_is_not_kept_with_older_files(
    tmp_path: Path, bundle_copy: Path, context: BrowserContext
) -> None:
    """The site is replaced while a visitor's page loads."""
    root = tmp_path / "root"
    write_site([bundle_copy], root / "models" / "try")
    with python_server(root) as url:
        page = context.new_page()
        page.add_init_script(
            "navigator.serviceWorker.register = (register => async (...given) => {"
            "  while (!window.replaced) await new Promise(done => setTimeout(done, 20));"
            "  return register.apply(navigator.serviceWorker, given);"
            "})(navigator.serviceWorker.register)"
        )
        page.goto(url)
        proved(page)
        path = bundle_copy / "bundle.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"name": "newer"}))
        old = next((root / "models/try/bundles/digits").iterdir())
        shutil.move(old, tmp_path / "old")
        write_site([bundle_copy], root / "models" / "try", force=True)
        # a host that goes on giving out the old files for a while
        shutil.move(tmp_path / "old", root / "models/try/bundles/digits" / old.name)
        page.evaluate("window.replaced = true")
        expect(page.locator("#offline")).to_have_text(
            "Not kept for offline use: the site changed meanwhile; reload the page", timeout=60_000
        )


def test_page_can_be_installed(site: Path, context: BrowserContext) -> None:
    with python_server(site) as url:
        page = context.new_page()
        page.goto(url)
        proved(page)
        kept(page)
        session = context.new_cdp_session(page)
        errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
        # a context of a test is a private window, in which Chromium installs nothing
        assert [e["errorId"] for e in errors] in ([], ["in-incognito"])
        manifest = session.send("Page.getAppManifest")
        assert manifest["errors"] == []
        icons = json.loads(manifest["data"])["icons"]
        for icon in (i for i in icons if i["type"] == "image/png"):
            with urllib.request.urlopen(urljoin(manifest["url"], icon["src"])) as response:
                size = Image.open(io.BytesIO(response.read())).size
            assert icon["sizes"] == f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("name", icons.ICONS)
def test_icon_is_what_its_drawing_shows(chromium: Browser, name: str) -> None:
    drawn = Image.open(io.BytesIO(icons.drawn(chromium, name)))
    there = Image.open(icons.STATIC / "icons" / name)
    assert there.size == drawn.size
    difference = np.abs(np.asarray(there, np.int16) - np.asarray(drawn, np.int16))
    assert difference.mean() < 1  # another Chromium may draw an edge otherwise


def test_report_cannot_run_scripts_on_the_site(
    tmp_path: Path, bundle_copy: Path, context: BrowserContext
) -> None:
    (bundle_copy / "report.html").write_text(
        "<!DOCTYPE html><html lang=en><script>document.title = 'taken'</script><h1>Parity</h1>"
    )
    root = tmp_path / "root"
    write_site([bundle_copy], root / "models" / "try")
    (report,) = root.glob("models/try/bundles/digits/*/report.html")
    with python_server(root) as url:
        page = context.new_page()
        page.goto(url + report.relative_to(root / "models/try").as_posix())
        assert page.title() == ""
        assert page.evaluate("document.compatMode") == "CSS1Compat"
        expect(page.locator("h1")).to_have_text("Parity")


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
