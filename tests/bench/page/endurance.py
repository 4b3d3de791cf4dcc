"""Thousands of pictures through the page's worker: tensors and memory must stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PREDICTIONS = 2_000
STEP = 500
# the first pictures fill pools and caches; what counts is what comes after them
WARM_UP = 500
_START = """async ([statics, wanted, picture]) => {
    const { WorkerClient } = await import(`${statics}js/client.js`);
    globalThis.client = new WorkerClient();
    await client.call("load", wanted);
    globalThis.picture = new Uint8Array(await (await fetch(picture)).arrayBuffer());
}"""
# the whole path: a fresh copy of an encoded picture goes to the worker, probabilities come back
_CLASSIFY = """async (count) => {
    for (let i = 0; i < count; i++) {
        const bytes = picture.slice();
        const { probabilities } = await client.call("classify", { bytes }, {
            transfer: [bytes.buffer],
        });
        if (!(probabilities.length > 1)) throw new Error("got no probabilities");
    }
    return client.call("tensors");
}"""


def endured(page: Any, address: str, folder: Path, engine: str) -> dict[str, Any]:
    """Tensors, JavaScript heap and memory of all renderers, after every `STEP` pictures."""
    from edgeproof.edge.bundle import Bundle

    bundle = Bundle.open(folder)
    page.goto(f"{address}verify.html")
    script = page.evaluate("document.querySelector('script[src]').src")
    offers = page.evaluate("JSON.parse(document.getElementById('offers').text)")
    (version,) = [offer["version"] for offer in offers if offer["name"] == folder.name]
    variant = "tflite-float32" if engine.startswith("litertjs") else "tfjs-float32"
    served = {"name": folder.name, "version": version}
    wanted = {"bundle": served, "variant": variant, "engine": engine}
    picture = bundle.manifest.golden.files[0].file.path
    url = f"{address}bundles/{folder.name}/{version}/{picture}"
    page.evaluate(_START, [script[: script.index("dist/")], wanted, url])
    page.evaluate(_CLASSIFY, WARM_UP)
    steps = []
    for done in range(0, PREDICTIONS + 1, STEP):
        tensors = page.evaluate(_CLASSIFY, STEP if done else 1)
        steps.append({"predictions": done, "tensors": tensors, **_memory(page)})
    page.context.close()
    return {"engine": engine, "steps": steps}


def _memory(page: Any) -> dict[str, int]:
    """Before and after garbage is collected, in the page and in its worker.

    V8 does not count what canvases and blobs hold outside of its heap, so it lets them pile up.
    """
    before = _renderers(page)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    page.workers[0].evaluate("gc()")
    page.wait_for_timeout(1000)
    return {
        "heap_bytes": int(heap),
        "resident_bytes": _renderers(page),
        "with_garbage_bytes": before,
    }


def _renderers(page: Any) -> int:
    system = page.context.browser.new_browser_cdp_session()
    processes = system.send("SystemInfo.getProcessInfo")["processInfo"]
    system.detach()
    renderers = [process["id"] for process in processes if process["type"] == "renderer"]
    return sum(map(_resident, renderers))


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"expected VmRSS of process {pid}, got none")
