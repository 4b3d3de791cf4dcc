"""One picture on every engine of the page, beside a bare loop; `auto` against all; memory.

Everything runs in one Chromium. What is compared takes turns in one page, for so many seconds for
each round of `--rounds`: a software graphics card takes 3 s for one MobileNetV2.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

from tests.bench.page.endurance import endured
from tests.bench.page.latency_report import block_ms, markdown
from tests.bench.page.loops import (
    ENGINES,
    Blocks,
    Ground,
    ground_of,
    in_turn,
    own,
    plain,
    sides_of,
)
from tests.bench.page.visitor_engines import visited
from tests.bench.settings import Settings

__all__ = ["markdown", "measure"]

SECONDS = 1.2  # for each round of `--rounds`
NEAR = 3.0  # times the fastest: engines that are compared once more, all in turn


def measure(settings: Settings) -> dict[str, Any]:
    """Latencies of both models on all engines, `auto`'s choice, the plain page, and endurance."""
    bundles = _bundles(settings.cache.absolute())
    seconds = settings.rounds * SECONDS
    with _site(bundles) as (browser, address):
        models = {
            name: _model(ground_of(browser, address, folder), seconds)
            for name, folder in bundles.items()
        }
        endurance = [
            endured(_page(browser), address, bundles["digits"], engine)
            for engine in ("tfjs-wasm", "tfjs-webgl", "litertjs-wasm")
        ]
        return {"chromium": browser.version, "models": models, "endurance": endurance}


def _model(ground: Ground, seconds: float) -> dict[str, Any]:
    engines = {engine: _engine(ground, engine, seconds) for engine in ENGINES}
    ends = visited(ground)
    _say(f"{ground.name}: {ends}")
    wanted = [*_near(engines), *ends.values()]
    sides = [own(ground, engine, engine) for engine in ENGINES if engine in wanted]
    contest = in_turn(ground, [*sides, plain(ground)], 2 * seconds)
    return {"engines": engines, "auto": ends, "contest": contest}


def _engine(ground: Ground, engine: str, seconds: float) -> Blocks:
    blocks = in_turn(ground, sides_of(ground, engine), seconds)
    told = ", ".join(f"{side} {median(map(block_ms, b)):.3f} ms" for side, b in blocks.items())
    _say(f"{ground.name} {engine}: {told}")
    return blocks


def _page(browser: Any) -> Any:
    page = browser.new_context(service_workers="block").new_page()
    page.set_default_timeout(120_000)
    return page


def _near(engines: dict[str, Blocks]) -> list[str]:
    """The engines that may be the fastest: minutes apart they cannot be compared."""
    times = {name: median(map(block_ms, blocks["ours"])) for name, blocks in engines.items()}
    limit = NEAR * min(times.values())
    return [name for name, ms in times.items() if ms <= limit]


@contextmanager
def _site(bundles: dict[str, Path]) -> Iterator[tuple[Any, str]]:
    from playwright.sync_api import sync_playwright
    from werkzeug.serving import WSGIRequestHandler, make_server

    from edgeproof.convert.verify.browser import chromium_flags, find_chromium
    from edgeproof.web.app import create_app

    class Quiet(WSGIRequestHandler):
        """Logs no requests."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing."""

    app = create_app(list(bundles.values()))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        with sync_playwright() as playwright:
            path = find_chromium()
            flags = [*chromium_flags(), "--js-flags=--expose-gc"]  # to tell memory from garbage
            browser = playwright.chromium.launch(executable_path=path, args=flags)
            yield browser, f"http://127.0.0.1:{server.port}/"
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _bundles(cache: Path) -> dict[str, Path]:
    """The two models, with their float32 variants for browsers."""
    folder = cache / "page"
    folder.mkdir(parents=True, exist_ok=True)
    edgeproof = Path(sys.executable).with_name("edgeproof")
    variants = ["--variants", "tfjs-float32,tflite-float32"]
    bundles = {"digits": folder / "digits", "mobilenet": folder / "mobilenet"}
    if not bundles["digits"].exists():
        _do(edgeproof, "train", "digits", "-o", folder / "digits-run", "--force")
        _do(edgeproof, "convert", folder / "digits-run", "-o", bundles["digits"], *variants)
    if not bundles["mobilenet"].exists():
        source = folder / "mobilenet-source"
        _do(sys.executable, Path(__file__).parents[1] / "make_mobilenet.py", source)
        options = ["--normalize", "minus-one-one", "--labels", source / "labels.txt"]
        options += ["--calibration", source / "calibration.npz", *variants]
        _do(edgeproof, "convert", source / "model.keras", "-o", bundles["mobilenet"], *options)
    return bundles


def _do(*command: object) -> None:
    _say("$ " + " ".join(map(str, command)))
    subprocess.run(list(map(str, command)), capture_output=True, check=True)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
