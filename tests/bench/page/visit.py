"""A first and a second visit in a real Chromium, beside a plain page with the same model.

Bytes and requests are counted on the wire, by the proxy that also slows it down (`slow_link.py`).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from edgeproof.convert.verify.browser import chromium_flags, find_chromium
from tests.bench.page.ground import digits_bundle, serving, verified
from tests.bench.page.plain_page import plain_folder, serving_plain
from tests.bench.page.slow_link import Link, slowed
from tests.bench.settings import Settings

LINKS = (Link("loopback"), Link("1.6 Mbit/s, 150 ms", 1.6e6, 0.15))
# the aims for the MNIST bundle
MOST_BYTES, MOST_REQUESTS, MOST_S, MOST_OFFLINE_S = 330_000, 12, 4, 1
# the moment of the first label on the page, as soon as it is there: what the page asks for next
# is not on its way yet
_WATCH = """
globalThis.firstAnswer = new Promise((resolve) => {
  const look = () => {
    if (!document.getElementById("winner-label")?.textContent) return;
    const ms = performance.now();
    resolve({ ms, at: (performance.timeOrigin + ms) / 1000 });
  };
  const options = { subtree: true, childList: true, characterData: true };
  new MutationObserver(look).observe(document, options);
});
"""


def measure(settings: Settings) -> dict[str, Any]:
    """For each bundle and link: both sides in turn, each visit in a browser profile of its own."""
    results = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=chromium_flags())
        for bundle in _bundles(settings.cache):
            results[bundle.name] = _visits(browser, bundle, settings)
        version = browser.version
        browser.close()
    return {"rounds": settings.rounds, "chromium": version, "bundles": results}


def _visits(browser: Browser, bundle: Path, settings: Settings) -> dict[str, Any]:
    plain = plain_folder(bundle, settings.cache)
    seen: dict[str, Any] = {}
    with serving(bundle) as served, serving_plain(plain) as plain_port:
        sides = {"edgeproof": served.port, "plain": plain_port}
        for link in LINKS:
            # the first round warms up both servers and the browser, and is not counted
            for number in range(settings.rounds + 1):
                for side, port in sides.items():
                    sys.stderr.write(f"page visit: {bundle.name}, {link.name}, {side}\n")
                    visit = _visit(browser, port, link, returns=side == "edgeproof")
                    if number:
                        seen.setdefault(link.name, {}).setdefault(side, []).append(visit)
    return seen


@contextmanager
def _profile(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.add_init_script(_WATCH)
    yield context
    context.close()


def _visit(browser: Browser, port: int, link: Link, *, returns: bool) -> dict[str, Any]:
    with _profile(browser) as context:
        page = context.new_page()
        with slowed(port, link) as (url, crossed):
            page.goto(url, wait_until="commit")
            first = _first_answer(page)
            visit = {"first_ms": first["ms"], **crossed.until(first["at"])}
            if returns:
                page.locator("#offline:not([hidden])").wait_for(timeout=120_000)
                said = page.locator("#offline").inner_text()
                if said != "Works offline now":
                    raise RuntimeError(f"expected the page to be kept, got {said}")
                visit["whole"] = crossed.until(time.time())
        # the network is gone
        if returns:
            page.goto(url, wait_until="commit")
            visit["offline_ms"] = _first_answer(page)["ms"]
    return visit


def _first_answer(page: Page) -> dict[str, float]:
    """`ms` since the navigation began, `at` in s since the epoch."""
    answer: dict[str, float] = page.evaluate("firstAnswer")
    return answer


def _bundles(cache: Path) -> list[Path]:
    """digits, and mnist where its data is at hand."""
    found = [digits_bundle(cache)]
    mnist = cache.absolute() / "mnist"
    if not mnist.exists() and os.environ.get("EDGEPROOF_DATA"):
        edgeproof, run = Path(sys.executable).with_name("edgeproof"), cache / "mnist-run"
        for step in (
            ("train", "mnist", "-o", run, "--epochs", "1", "--force"),
            ("convert", run, "-o", mnist),
        ):
            subprocess.run([edgeproof, *step], check=True, capture_output=True)
    return [*found, *([verified(mnist)] if mnist.exists() else [])]


def markdown(result: dict[str, Any]) -> str:
    """The table, with whether the aims are met."""
    lines = [
        "## Visits of the page",
        "",
        f"Chromium {result['chromium']}, Brotli, medians of {result['rounds']}, each with a "
        "profile of its own, in turn; bytes are what crossed the wire, heads included, and like "
        "requests they count up to the moment of the first label by the browser's clock. Plain: "
        "`tf.min.js`, `tf.loadGraphModel`, default backend, same server compression.",
        "",
        "| bundle | link | side | KB to the first answer | requests | s to the first answer | "
        "s of the second visit, offline |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, links in result["bundles"].items():
        for link, sides in links.items():
            for side, visits in sides.items():
                size = statistics.median(v["bytes"] for v in visits)
                requests = statistics.median(len(v["requests"]) for v in visits)
                first = statistics.median(v["first_ms"] for v in visits) / 1000
                again = [v["offline_ms"] / 1000 for v in visits if "offline_ms" in v]
                offline = statistics.median(again) if again else None
                is_ours = side == "edgeproof"
                figures = [
                    _held(size / 1000, MOST_BYTES / 1000, is_ours, 0),
                    _held(requests, MOST_REQUESTS, is_ours, 0),
                    _held(first, MOST_S, is_ours, 2),
                    "" if offline is None else _held(offline, MOST_OFFLINE_S, True, 2),
                ]
                lines.append(f"| {' | '.join([name, link, side, *figures])} |")
    lines += [
        "",
        f"Aims: {MOST_BYTES // 1000} KB, {MOST_REQUESTS} requests, {MOST_S} s, offline "
        f"{MOST_OFFLINE_S} s. What else a first visit fetches (golden files, what it keeps for "
        "offline use) comes after the first answer.",
        "",
    ]
    return "\n".join(lines)


def _held(value: float, most: float, is_ours: bool, digits: int) -> str:
    return f"{value:.{digits}f}{' **missed**' if is_ours and value > most else ''}"
