"""Workers, graphics contexts and networks that fail while the page uses them."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

Serve = Callable[..., str]
Patch = Callable[[str], None]
USED = "#engine option:checked"
# keeps each WebGL context at hand, to take it away later
KEEP_CONTEXTS = """
const original = OffscreenCanvas.prototype.getContext;
self.contexts = [];
OffscreenCanvas.prototype.getContext = function (...given) {
    const context = original.apply(this, given);
    if (given[0] === "webgl2" && context) self.contexts.push(context);
    return context;
};
"""


def wait_for_proof(page: Page, state: str) -> None:
    expect(page.locator("#proof")).to_have_attribute("data-state", state, timeout=60_000)


def answer(page: Page) -> str:
    page.click("#examples-list button >> nth=1")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#answer")).to_be_visible()
    return page.locator("#winner-label").inner_text()


def test_worker_that_crashes_is_started_again(page: Page, serve: Serve, quick_bundle: Path) -> None:
    page.goto(serve(quick_bundle))
    wait_for_proof(page, "passed")
    before = answer(page)
    page.workers[0].evaluate("void setTimeout(() => { throw new Error('out of memory') })")
    details = page.locator("#proof-details")
    said = "WebAssembly broke and was started again: the worker failed: Uncaught Error: out of"
    expect(details).to_contain_text(said, timeout=60_000)
    wait_for_proof(page, "passed")
    assert answer(page) == before
    # and a second time: then another engine is tried
    page.workers[0].evaluate("void setTimeout(() => { throw new Error('again') })")
    expect(details).to_contain_text("WebAssembly broke and was given up", timeout=60_000)
    wait_for_proof(page, "passed")
    expect(page.locator(USED)).to_have_text("Auto: WebGL (graphics card)")


def test_lost_webgl_context_is_noticed_and_replaced(
    page: Page, serve: Serve, quick_bundle: Path, patch_workers: Patch
) -> None:
    patch_workers(KEEP_CONTEXTS)
    page.goto(f"{serve(quick_bundle)}?engine=tfjs-webgl")
    wait_for_proof(page, "passed")
    before = answer(page)
    # mid-run: the run is under way when the context goes
    page.evaluate("document.querySelectorAll('#examples-list button')[1].click()")
    page.workers[0].evaluate(
        "contexts.forEach((gl) => gl.getExtension('WEBGL_lose_context').loseContext())"
    )
    page.evaluate("document.querySelectorAll('#examples-list button')[1].click()")
    expect(page.locator("#proof-details")).to_contain_text(
        "WebGL (graphics card) broke and was started again: WebGL lost its context", timeout=60_000
    )
    wait_for_proof(page, "passed")
    assert answer(page) == before


def test_network_that_goes_while_the_model_loads_is_said_and_tried_again(
    page: Page, serve: Serve, quick_bundle: Path
) -> None:
    page.route("**/variants/**", lambda route: route.abort("internetdisconnected"))
    page.goto(serve(quick_bundle))
    wait_for_proof(page, "failed")
    details = page.locator("#proof-details")
    expect(details).to_contain_text("could not be fetched; check the connection")
    page.unroute("**/variants/**")
    page.click("#remedy")
    wait_for_proof(page, "passed")


def test_network_that_goes_while_the_engine_loads_is_no_fault_of_the_engine(
    page: Page, serve: Serve, quick_bundle: Path
) -> None:
    page.route("**/*.wasm", lambda route: route.abort("internetdisconnected"))
    page.goto(serve(quick_bundle))
    wait_for_proof(page, "failed")
    expect(page.locator("#proof-details")).to_contain_text(
        "tfjs-backend-wasm-simd.wasm could not be fetched; check the connection"
    )
    expect(page.locator(USED)).to_have_text("Auto: WebAssembly")
    page.unroute("**/*.wasm")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    wait_for_proof(page, "passed")


def test_wrong_scale_turns_the_badge_red(page: Page, serve: Serve, quick_bundle: Path) -> None:
    path = quick_bundle / "bundle.json"
    manifest = json.loads(path.read_text())
    manifest["input"]["scale"] = [s * 1.01 for s in manifest["input"]["scale"]]
    path.write_text(json.dumps(manifest))
    page.goto(serve(quick_bundle))
    wait_for_proof(page, "failed")
    expect(page.locator("#proof-summary")).to_contain_text("First: golden input")
    # two engines that are wrong alike are enough: the model is at fault
    details = page.locator("#proof-details").inner_text()
    assert len(re.findall("was given up", details)) == 1


def test_wrong_decoding_turns_the_badge_red_whatever_the_engine(
    page: Page, serve: Serve, quick_bundle: Path, patch_workers: Patch
) -> None:
    patch_workers(
        """
self.VideoFrame = undefined; // pixels come through a canvas then
const original = OffscreenCanvasRenderingContext2D.prototype.getImageData;
OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...given) {
    const picture = original.apply(this, given);
    for (let i = 0; i < picture.data.length; i += 4) picture.data[i] ^= 8;
    return picture;
};
""",
    )
    page.goto(serve(quick_bundle))
    wait_for_proof(page, "failed")
    details = page.locator("#proof-details")
    expect(details).to_contain_text("this browser decodes the file differently")
    expect(details).to_contain_text("use another browser")
    expect(page.locator("#remedy")).to_have_count(0)
    expect(page.locator(USED)).to_have_text("Auto: WebAssembly")
