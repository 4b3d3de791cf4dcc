"""The service worker: without a network, on a failing host, and where storage or headers lack."""

import json
import shutil
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from playwright.sync_api import BrowserContext, expect

from edgeproof.web.site import write_site
from tests.web.hosts import Quiet, kept, proved, python_server

# as memory.js would if a search of this visit had found LiteRT.js to be the fastest
REMEMBER = """() => {
  const [{ name, version }] = JSON.parse(document.getElementById("offers").text);
  const [, page] = document.querySelector("script[src]").src.match(/static.([^/]+)/);
  const best = { variant: "tflite-float32", engine: "litertjs-wasm" };
  localStorage[`edgeproof.fastest ${location.pathname} ${name} auto`] = JSON.stringify(
    { made: `${version} ${page} ${navigator.userAgent}`, best, figures: [] });
}"""
REMEMBERED = """() => Object.entries(localStorage)
  .filter(([key]) => key.includes("fastest")).map(([, found]) => JSON.parse(found).best.engine)"""


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
    failed: ClassVar[int] = 0
    released: ClassVar[threading.Event]

    def do_GET(self) -> None:
        if self.path.endswith("/") and self.fault:
            Faulty.failed += 1
            if self.fault == "503":
                self.send_error(503)
            else:
                self.released.wait(60)
        else:
            super().do_GET()


@pytest.mark.parametrize("fault", ["503", "silence"])
def test_kept_page_stands_in_for_a_host_that_fails(
    site: Path, context: BrowserContext, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(Faulty, "released", threading.Event(), raising=False)
    monkeypatch.setattr(Faulty, "failed", 0)
    with python_server(site, Faulty) as url:
        page = context.new_page()
        page.goto(url)
        proved(page)
        kept(page)
        monkeypatch.setattr(Faulty, "fault", fault)
        page.goto(url, timeout=20_000)
        Faulty.released.set()
        proved(page)
        assert Faulty.failed


def test_faster_engine_that_was_not_kept_gives_way_to_the_one_that_was(
    site: Path, context: BrowserContext
) -> None:
    with python_server(site) as url:
        page = context.new_page()
        page.goto(url)
        proved(page)
        kept(page)
        page.evaluate(REMEMBER)
    page.reload()
    proved(page)
    expect(page.locator("#engine option:checked")).to_have_text("Auto: WebAssembly")
    expect(page.locator("#proof-details")).to_contain_text("LiteRT in WebAssembly was left out")
    # the next visit tries it again
    assert page.evaluate(REMEMBERED) == ["litertjs-wasm"]


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
    stored = (
        "async () => (await (await caches.open((await caches.keys())[0])).keys()).map(r => r.url)"
    )
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
