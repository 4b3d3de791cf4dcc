"""One picture on every engine of the page, beside a bare loop; `auto` against all; memory.

Everything runs in one Chromium, alternately, each page in a context of its own.
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
from tests.bench.page.latency_report import markdown
from tests.bench.settings import Settings

__all__ = ["markdown", "measure"]

# engine -> how its bare page starts it
ENGINES: dict[str, dict[str, Any]] = {
    "tfjs-wasm": {"backend": "wasm", "threads": 1},
    "tfjs-wasm-threads": {"backend": "wasm", "threads": 2},
    "tfjs-webgl": {"backend": "webgl"},
    "tfjs-webgpu": {"backend": "webgpu"},
    "tfjs-cpu": {"backend": "cpu"},
    "litertjs-wasm": {"accelerator": "wasm"},
    "litertjs-webgpu": {"accelerator": "webgpu"},
}
# short blocks, many of them: what else the machine does changes from one second to the next
BLOCK = {"n": 200, "withinMs": 300}
NEAR = 3.0  # times the fastest: engines that are compared once more, all in turn
BLOCKS = 8  # for each round of `--rounds`
_PAGES = Path(__file__).with_name("in_browser")
_WEB = Path(__file__).parents[3] / "web"
_ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_BARE = """async ([file, given]) => {
    const { bare } = await import(`/bench/${file}`);
    globalThis.loop = await bare({ ...given, pixels: Float32Array.from(given.pixels) });
}"""
_PLAIN = """async (given) => {
    const made = await plain({ ...given, pixels: Float32Array.from(given.pixels) });
    globalThis.loop = made.loop;
    return made.backend;
}"""
_OURS = """async ([statics, wanted]) => {
    const { WorkerClient } = await import(`${statics}js/client.js`);
    globalThis.client = new WorkerClient();
    await client.call("load", wanted);
    globalThis.loop = async (block) => (await client.call("latency", block)).ms;
}"""
_LOOP = "(block) => loop(block)"


def measure(settings: Settings) -> dict[str, Any]:
    """Latencies of both models on all engines, `auto`'s choice, the plain page, and endurance."""
    bundles = _bundles(settings.cache.absolute())
    with _site(bundles) as (browser, address):
        models = {
            name: _model(browser, address, folder, settings.rounds * BLOCKS)
            for name, folder in bundles.items()
        }
        endurance = [
            endured(_page(browser), address, bundles["digits"], engine)
            for engine in ("tfjs-wasm", "tfjs-webgl", "litertjs-wasm")
        ]
        return {"chromium": browser.version, "models": models, "endurance": endurance}


def _model(browser: Any, address: str, folder: Path, blocks: int) -> dict[str, Any]:
    from edgeproof.edge.bundle import Bundle
    from edgeproof.edge.image import batch_from_images

    bundle = Bundle.open(folder)
    contract = bundle.manifest.input
    assert contract is not None
    pixels = batch_from_images(bundle.array(bundle.manifest.golden.inputs[0])[:1], contract)
    given = {"shape": list(pixels.shape), "pixels": pixels.ravel().tolist()}
    engines = {engine: _pair(browser, address, bundle, engine, given, blocks) for engine in ENGINES}
    chosen = _automatic(browser, address, folder.name)
    _say(f"{folder.name}: auto ends on {chosen}")
    plain, backend = _plain(browser, address, bundle, given)
    ours = _ours(browser, address, bundle, chosen)
    try:
        last = [(ours(), plain()) for _ in range(blocks)]
    finally:
        for loop in (ours, plain):
            loop.close()
    return {
        "engines": engines,
        "auto": chosen,
        "contest": _contest(browser, address, bundle, _near(engines, chosen), blocks),
        "plain": {
            "backend": backend,
            "ours_ms": [block for block, _ in last],
            "plain_ms": [block for _, block in last],
        },
    }


class Loop:
    """A page with a loop in it; a call runs one block and returns its times in ms."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def __call__(self) -> list[float]:
        times: list[float] = self.page.evaluate(_LOOP, BLOCK)
        return times

    def close(self) -> None:
        self.page.context.close()


def _near(engines: dict[str, Any], chosen: str) -> list[str]:
    """The engines that may be the fastest, and the chosen one."""
    times = {name: median(map(median, pair["ours_ms"])) for name, pair in engines.items()}
    limit = NEAR * min(times.values())
    return [name for name, ms in times.items() if ms <= limit or name == chosen]


def _contest(
    browser: Any, address: str, bundle: Any, engines: list[str], blocks: int
) -> dict[str, list[list[float]]]:
    """Blocks of these engines in turn: minutes apart they could not be compared."""
    loops = {engine: _ours(browser, address, bundle, engine) for engine in engines}
    try:
        rounds = [{engine: loop() for engine, loop in loops.items()} for _ in range(blocks)]
    finally:
        for loop in loops.values():
            loop.close()
    return {engine: [one[engine] for one in rounds] for engine in engines}


def _pair(
    browser: Any, address: str, bundle: Any, engine: str, given: dict[str, Any], blocks: int
) -> dict[str, Any]:
    """Blocks of ours and of the bare page in turn."""
    ours = _ours(browser, address, bundle, engine)
    bare = _bare(browser, address, bundle, engine, given)
    try:
        pairs = [(ours(), bare()) for _ in range(blocks)]
    finally:
        ours.close()
        bare.close()
    result = {"ours_ms": [own for own, _ in pairs], "bare_ms": [other for _, other in pairs]}
    own, other = (median(median(block) for block in each) for each in result.values())
    _say(f"{bundle.folder.name} {engine}: {own:.3f} ms, bare {other:.3f} ms")
    return result


def _ours(browser: Any, address: str, bundle: Any, engine: str) -> Loop:
    page = _page(browser)
    version = _version(page, address, bundle.folder.name)
    page.goto(f"{address}bench/page.html")
    variant = _variant(engine)
    served = {"name": bundle.folder.name, "version": version["bundle"]}
    wanted = {"bundle": served, "variant": variant, "engine": engine}
    page.evaluate(_OURS, [version["statics"], wanted])
    return Loop(page)


def _bare(browser: Any, address: str, bundle: Any, engine: str, given: dict[str, Any]) -> Loop:
    page = _page(browser)
    version = _version(page, address, bundle.folder.name)
    page.goto(f"{address}bench/page.html")
    entry = f"{version['files']}{bundle.variant(_variant(engine)).entry}"
    asked = {"vendor": f"{version['statics']}vendor/", "file": entry, **ENGINES[engine], **given}
    asked["folder"] = entry[: entry.rindex("/") + 1]
    file = "bare_litert.js" if engine.startswith("litertjs") else "bare_tfjs.js"
    page.evaluate(_BARE, [file, asked])
    return Loop(page)


def _plain(browser: Any, address: str, bundle: Any, given: dict[str, Any]) -> tuple[Loop, str]:
    page = _page(browser)
    version = _version(page, address, bundle.folder.name)
    page.goto(f"{address}bench/plain.html")
    entry = f"{version['files']}{bundle.variant('tfjs-float32').entry}"
    asked = {"folder": entry[: entry.rindex("/") + 1], **given}
    backend: str = page.evaluate(_PLAIN, asked)
    return Loop(page), backend


def _automatic(browser: Any, address: str, name: str) -> str:
    """The engine on which the page itself ends, when it may switch by itself."""
    page = _page(browser)
    page.add_init_script("localStorage['edgeproof.switches-by-itself'] = 'yes'")
    page.goto(f"{address}?bundle={name}")
    page.get_by_text("is the fastest measured here").wait_for(timeout=900_000)
    found: str = page.evaluate(
        "JSON.parse(Object.entries(localStorage).find(([key]) => key.includes('fastest'))[1])"
        ".best.engine"
    )
    page.context.close()
    return found


def _page(browser: Any) -> Any:
    """A page in a context of its own, for which `/bench/` holds the bare pages."""
    page = browser.new_context(service_workers="block").new_page()
    page.set_default_timeout(600_000)

    def fulfil(route: Any) -> None:
        name = route.request.url.split("/bench/")[1]
        path = _WEB / name if name.startswith("node_modules/") else _PAGES / name
        route.fulfill(path=path, headers={**_ISOLATED, "Content-Type": _TYPES[path.suffix]})

    page.route("**/bench/**", fulfil)
    return page


_TYPES = {".html": "text/html", ".js": "text/javascript"}


def _version(page: Any, address: str, name: str) -> dict[str, str]:
    """Where the page's own files and the bundle's lie."""
    page.goto(f"{address}verify.html")
    script = page.evaluate("document.querySelector('script[src]').src")
    offers = page.evaluate("JSON.parse(document.getElementById('offers').text)")
    (version,) = [offer["version"] for offer in offers if offer["name"] == name]
    return {
        "statics": script[: script.index("dist/")],
        "bundle": version,
        "files": f"{address}bundles/{name}/{version}/",
    }


def _variant(engine: str) -> str:
    return "tflite-float32" if engine.startswith("litertjs") else "tfjs-float32"


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
