"""The page's live camera: is the main thread free, and how many frames are answered?

Chromium's own test camera (640 x 480, 20 frames/s). A control blocks the main thread for 80 ms, to
see that such a task is counted.
"""

from __future__ import annotations

import logging
import statistics
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from edgeproof.convert.verify.browser import chromium_flags, find_chromium
from edgeproof.web.app import create_app
from tests.bench.settings import Settings

SECONDS = 10
LIMIT_MS = 50  # the platform's own limit of a long task
FLAGS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
ENGINES = ["tfjs-wasm", "tfjs-cpu"]
WATCH = """() => {
  window.long = [];
  const watch = (list) => long.push(...list.getEntries().map((e) => e.duration));
  new PerformanceObserver(watch).observe({ type: "longtask" });
  window.frames = 0;
  new MutationObserver(() => frames++)
    .observe(document.querySelector("#model-ms"), { childList: true });
}"""
BLOCK = """() => setTimeout(() => {
  const end = performance.now() + 80;
  while (performance.now() < end);
})"""


def measure(settings: Settings) -> dict[str, Any]:
    """Runs the live mode `rounds` times with each engine, interleaved."""
    bundle = _bundle(settings.cache)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, create_app([bundle]), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    runs: dict[str, list[dict[str, float]]] = {engine: [] for engine in ENGINES}
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=[*chromium_flags(), *FLAGS]
            )
            for _ in range(settings.rounds):
                for engine in ENGINES:
                    page = browser.new_page()
                    page.goto(f"http://127.0.0.1:{server.port}/?engine={engine}")
                    runs[engine].append(_live(page))
                    page.close()
            browser.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    return {"seconds": SECONDS, "bundle": bundle.name, "engines": runs}


def markdown(result: dict[str, Any]) -> str:
    rows = [
        f"| {engine} | {len(runs)} | {statistics.median(r['frames_per_s'] for r in runs):.1f} | "
        f"{sum(r['long_tasks'] for r in runs):.0f} | {max(r['longest_ms'] for r in runs):.0f} |"
        for engine, runs in result["engines"].items()
    ]
    head = (
        f"## Live camera: {result['bundle']}, {result['seconds']} s each\n\n"
        f"| engine | n | frames/s, median | tasks over {LIMIT_MS} ms | longest of them, ms |\n"
        "| --- | --- | --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


def _live(page: Page) -> dict[str, float]:
    page.wait_for_selector("#proof[data-state=passed]", timeout=60_000)
    page.click("#tab-camera")
    page.wait_for_selector("#camera-live:not([disabled])")
    page.evaluate(WATCH)
    page.click("#camera-live")
    page.wait_for_selector("#camera-rate:not([hidden])")
    page.evaluate("() => { long.length = 0; window.frames = 0; }")
    page.wait_for_timeout(SECONDS * 1000)
    long, frames = page.evaluate("[long, frames]")
    page.evaluate(BLOCK)
    page.wait_for_timeout(500)
    if not page.evaluate(f"long.some((ms) => ms > {LIMIT_MS})"):
        raise RuntimeError("expected the control's task of 80 ms to be counted, got none")
    return {
        "frames_per_s": frames / SECONDS,
        "long_tasks": float(len(long)),
        "longest_ms": max(long, default=0.0),
    }


def _bundle(cache: Path) -> Path:
    """The digits bundle, made where it is missing."""
    bundle = cache / "digits"
    edgeproof = Path(sys.executable).with_name("edgeproof")
    if not bundle.exists():
        run = cache / "digits-run"
        subprocess.run([edgeproof, "train", "digits", "-o", run, "--force"], check=True)
        subprocess.run([edgeproof, "convert", run, "-o", bundle], check=True)
    return bundle
