"""The automatic engine in a real browser: what is tried, offered, taken and remembered."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Serve = Callable[..., str]
Patch = Callable[[str], None]

USED = "#engine option:checked"
# what each engine takes is made up, so that the order is known: milliseconds of one picture
MAKE_UP_TIMES = """
const times = TIMES, post = self.postMessage.bind(self);
let engine;
self.addEventListener("message", ({data}) => { engine = data.args?.engine ?? engine; });
self.postMessage = (message) => {
    if (message.result?.ms) message.result.ms = message.result.ms.map(() => times[engine] ?? 500);
    post(message);
};
"""
TIMES = {"tfjs-wasm": 100, "tfjs-webgl": 400, "tfjs-cpu": 10}
MADE_UP_TIMES = MAKE_UP_TIMES.replace("TIMES", json.dumps(TIMES))
ALL_SLOW = MAKE_UP_TIMES.replace("TIMES", json.dumps({"tfjs-wasm": 100, "litertjs-wasm": 50}))
WITHOUT_WEBASSEMBLY = "delete self.WebAssembly;\n"
# as some drivers are: right in the first of three rounds only
WEBGL_WRONG_LATER = """
const original = WebGL2RenderingContext.prototype.getBufferSubData;
let reads = 0;
WebGL2RenderingContext.prototype.getBufferSubData = function (...given) {
    original.apply(this, given);
    if (++reads > 9 && given[2] instanceof Float32Array) given[2][0] += 0.01;
};
"""


@pytest.fixture
def connection(request: pytest.FixtureRequest) -> dict[str, Any]:
    """At a desk, unless the test is about another."""
    found: dict[str, Any] = getattr(request, "param", {"saveData": False, "effectiveType": "4g"})
    return found


def wait_for_proof(page: Page, state: str) -> None:
    expect(page.locator("#proof")).to_have_attribute("data-state", state, timeout=60_000)


def test_engine_that_is_not_offered_is_left_out_and_said(
    page: Page, serve: Serve, quick_bundle: Path, patch_workers: Patch
) -> None:
    patch_workers(WITHOUT_WEBASSEMBLY)
    page.goto(serve(quick_bundle))
    wait_for_proof(page, "passed")
    expect(page.locator(USED)).to_have_text("Auto: WebGL (graphics card)")
    expect(page.locator("#winner-label")).not_to_be_empty()
    assert "WebAssembly was left out: this browser does not offer WebAssembly" in (
        page.locator("#proof-details").text_content() or ""
    )


def test_engine_that_is_right_the_first_time_only_is_given_up(
    page: Page, serve: Serve, quick_bundle: Path, patch_workers: Patch
) -> None:
    patch_workers(WITHOUT_WEBASSEMBLY + WEBGL_WRONG_LATER)
    page.goto(serve(quick_bundle))
    wait_for_proof(page, "passed")
    expect(page.locator(USED)).to_have_text("Auto: WebGPU (graphics card)")
    assert "WebGL (graphics card) did not match training" in (
        page.locator("#proof-details").text_content() or ""
    )
    expect(page.locator("#doubt")).to_be_hidden()


def test_forced_engine_that_is_wrong_is_said_with_a_button_that_changes_it(
    page: Page, serve: Serve, quick_bundle: Path, patch_workers: Patch
) -> None:
    patch_workers(WEBGL_WRONG_LATER)
    page.goto(f"{serve(quick_bundle)}?engine=tfjs-webgl")
    wait_for_proof(page, "failed")
    expect(page.locator("#proof-summary")).to_contain_text("Does not match training")
    expect(page.locator("#doubt")).to_be_visible()
    page.click("#remedy")
    wait_for_proof(page, "passed")
    expect(page.locator(USED)).to_have_text("Auto: WebAssembly")
    expect(page.locator("#doubt")).to_be_hidden()
    assert "engine=" not in page.url


def test_faster_engine_is_offered_and_remembered(
    page: Page, serve: Serve, quick_bundle: Path, patch_workers: Patch
) -> None:
    patch_workers(MADE_UP_TIMES)
    address = serve(quick_bundle)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(address)
    offer = page.locator("#fastest [role=status]")
    expect(offer).to_contain_text("Plain JavaScript is 10\u00d7 as fast here", timeout=60_000)
    # measured unasked: what is small
    assert not any("litert" in url for url in fetched)
    expect(page.locator("#measure-others")).to_have_text("Measure them, 2.4 MB")
    page.click(".measured summary")
    row = page.locator(".measured tr", has_text="WebGL")
    expect(row).to_contain_text("400 ms")
    expect(row).to_contain_text("not checked: slower")
    expect(page.locator(USED)).to_have_text("Auto: WebAssembly")
    page.click("#use-faster")
    wait_for_proof(page, "passed")
    expect(page.locator(USED)).to_have_text("Auto: Plain JavaScript")
    expect(page.locator("#fastest")).to_contain_text("Plain JavaScript is the fastest")
    fetched.clear()
    page.reload()
    wait_for_proof(page, "passed")
    expect(page.locator(USED)).to_have_text("Auto: Plain JavaScript")
    expect(page.locator("#fastest")).to_contain_text("Plain JavaScript is the fastest")
    assert not any("wasm" in url for url in fetched)


def test_large_engine_is_measured_unasked_where_the_others_are_slow(
    page: Page, serve: Serve, quick_bundle: Path, patch_workers: Patch
) -> None:
    patch_workers(ALL_SLOW)
    page.goto(serve(quick_bundle))
    offer = page.locator("#fastest [role=status]")
    expect(offer).to_contain_text("LiteRT in WebAssembly is 2.0\u00d7 as fast", timeout=60_000)
    expect(page.locator("#measure-others")).to_have_count(0)
    expect(page.locator(USED)).to_have_text("Auto: WebAssembly")
    page.reload()
    wait_for_proof(page, "passed")
    expect(page.locator(USED)).to_have_text("Auto: LiteRT in WebAssembly")


def test_page_that_may_switches_by_itself_also_where_nothing_is_stored(
    page: Page, serve: Serve, quick_bundle: Path, patch_workers: Patch
) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no'); } })"
    )
    patch_workers(MADE_UP_TIMES)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(serve(quick_bundle))
    expect(page.locator("#use-faster")).to_be_visible(timeout=60_000)
    page.check("#switches")
    expect(page.locator(USED)).to_have_text("Auto: Plain JavaScript", timeout=60_000)
    wait_for_proof(page, "passed")
    # who lets it switch lets it measure all
    assert any(url.endswith("litert_wasm_internal.wasm") for url in fetched)


@pytest.mark.parametrize("connection", [{"saveData": True}], indirect=True)
def test_visitor_who_saves_data_downloads_nothing_unasked(
    page: Page, serve: Serve, quick_bundle: Path
) -> None:
    page.goto(serve(quick_bundle))
    expect(page.locator("#measure-others")).to_be_visible(timeout=60_000)
    urls = page.evaluate("performance.getEntriesByType('resource').map(({name}) => name)")
    workers = [
        worker.evaluate("performance.getEntriesByType('resource').map(({name}) => name)")
        for worker in page.workers
    ]
    assert len(workers) == 1
    engines = [url for url in [*urls, *workers[0]] if "/vendor/" in url]
    assert sorted(url.rsplit("/", 1)[1] for url in engines) == [
        "tfjs-backend-wasm-simd.wasm",
        "tfjs-wasm.js",
    ]
