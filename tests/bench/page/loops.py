"""Pages with loops in them: the page's own worker, bare loops, the plain page, taking turns."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.image import batch_from_images
from tests.bench.page.latency_report import PLAIN

# engine -> how its bare loop starts it
ENGINES: dict[str, dict[str, Any]] = {
    "tfjs-wasm": {"backend": "wasm", "threads": 1},
    "tfjs-wasm-threads": {"backend": "wasm", "threads": 2},
    "tfjs-webgl": {"backend": "webgl"},
    "tfjs-webgpu": {"backend": "webgpu"},
    "tfjs-cpu": {"backend": "cpu"},
    "litertjs-wasm": {"accelerator": "wasm"},
    "litertjs-webgpu": {"accelerator": "webgpu"},
}
# where the place of the loop tells: elsewhere it is the graphics card that is waited for
ON_PROCESSOR = ("tfjs-wasm", "tfjs-wasm-threads", "tfjs-cpu", "litertjs-wasm")
# name, kind of side in turns.js, what that is given
Side = tuple[str, str, dict[str, Any]]
Blocks = dict[str, list[list[float]]]

_PAGES = Path(__file__).with_name("in_browser")
_WEB = Path(__file__).parents[3] / "web"
_ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TYPES = {".html": "text/html", ".js": "text/javascript"}
_INPUT = "/bench/input"


class Ground(NamedTuple):
    """A bundle as it is served to this browser."""

    browser: Any
    address: str
    bundle: Bundle
    version: str
    statics: str
    shape: list[int]
    input: bytes

    @property
    def name(self) -> str:
        return self.bundle.folder.name


def ground_of(browser: Any, address: str, folder: Path) -> Ground:
    """Its version, where the page's own files lie, and its first golden input for the model."""
    bundle = Bundle.open(folder)
    contract = bundle.manifest.input
    assert contract is not None
    pixels = batch_from_images(bundle.array(bundle.manifest.golden.inputs[0])[:1], contract)
    page = browser.new_page()
    page.goto(f"{address}verify.html")
    script = page.evaluate("document.querySelector('script[src]').src")
    offers = page.evaluate("JSON.parse(document.getElementById('offers').text)")
    page.close()
    (version,) = [offer["version"] for offer in offers if offer["name"] == folder.name]
    statics = script[: script.index("dist/")]
    return Ground(browser, address, bundle, version, statics, list(pixels.shape), pixels.tobytes())


def sides_of(ground: Ground, engine: str) -> list[Side]:
    """The page's own worker, a bare loop on the main thread, and one in a worker."""
    litert = engine.startswith("litertjs")
    module = f"/bench/{'bare_litert' if litert else 'bare_tfjs'}.js"
    given = {"vendor": f"{ground.statics}vendor/", **_files(ground, engine), **ENGINES[engine]}
    made = {"module": module, "given": given}
    sides: list[Side] = [own(ground, engine, "ours"), ("bare", "bare", made)]
    return sides + ([("bare_in_worker", "bareInWorker", made)] * (engine in ON_PROCESSOR))


def own(ground: Ground, engine: str, name: str) -> Side:
    served = {"name": ground.name, "version": ground.version}
    wanted = {"bundle": served, "variant": _variant(engine), "engine": engine}
    return name, "edgeproof", {"statics": ground.statics, "wanted": wanted}


def plain(ground: Ground) -> Side:
    return PLAIN, "plain", _files(ground, "tfjs")


def in_turn(ground: Ground, sides: list[Side], seconds: float) -> Blocks:
    """Milliseconds of calls in blocks by side, all in one page, for so many seconds."""
    page = ground.browser.new_context(service_workers="block").new_page()
    page.set_default_timeout(300_000)

    def fulfil(route: Any) -> None:
        path = route.request.url[len(ground.address) - 1 :]
        if path == _INPUT:
            route.fulfill(body=ground.input, headers=_ISOLATED)
            return
        name = path.removeprefix("/bench/")
        file = _WEB / name if name.startswith("node_modules/") else _PAGES / name
        route.fulfill(path=file, headers={**_ISOLATED, "Content-Type": _TYPES[file.suffix]})

    page.route("**/bench/**", fulfil)
    document = "plain" if any(kind == "plain" for _, kind, _ in sides) else "page"
    page.goto(f"{ground.address}bench/{document}.html")
    assert page.evaluate("crossOriginIsolated")
    run = "async (given) => (await import('/bench/turns.js')).turns(...given)"
    blocks: Blocks = page.evaluate(run, [sides, seconds])
    page.context.close()
    return blocks


def _files(ground: Ground, engine: str) -> dict[str, Any]:
    path = f"/bundles/{ground.name}/{ground.version}/"
    entry = path + ground.bundle.variant(_variant(engine)).entry
    folder = entry[: entry.rindex("/") + 1]
    return {"file": entry, "folder": folder, "shape": ground.shape, "input": _INPUT}


def _variant(engine: str) -> str:
    return "tflite-float32" if engine.startswith("litertjs") else "tfjs-float32"
