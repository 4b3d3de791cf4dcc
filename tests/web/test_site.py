"""The page as plain files: on hosts that know nothing of it, below a path."""

import io
import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, expect

from edgeproof.web.built_page import BuiltPage
from edgeproof.web.site import write_site
from tests.web import icons
from tests.web.hosts import kept, nginx_server, proved, python_server


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
