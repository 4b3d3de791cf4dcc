"""A photograph of 12 megapixels to 224 x 224 in the page's worker, against the browser's own means
and against the same contract in Python.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from edgeproof.convert.verify.browser import chromium_flags, find_chromium
from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import image_from_file, image_from_picture
from edgeproof.edge.pictures.decode import decoded
from tests.bench.pictures import encoded
from tests.bench.settings import Settings

REPOSITORY = Path(__file__).parents[3]
SIZE = 4000, 3000
TARGET_MS = 150
RUNS = 5  # for each round
# the kind of picture (tests/bench/pictures.py), its orientation, and the contract's colours
CASES = (("JPEG", 1, "rgb"), ("JPEG, turned by EXIF", 6, "rgb"), ("JPEG", 1, "gray"))
OURS = {"image": "pixels to image", "decoding": "the browser's decoding", "file": "file to image"}
_RUN = """(task) => new Promise((resolve, reject) => {
    const worker = new Worker("/tests/bench/page/pixels_worker.js", {type: "module"});
    worker.onmessage = ({data}) => { worker.terminate(); resolve(data); };
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(task);
})"""


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map: ClassVar = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}

    def log_message(self, *_: Any) -> None:
        """Nothing: the result is what is to be read."""


def measure(settings: Settings) -> dict[str, Any]:
    """Milliseconds of every side of every case, interleaved; medians are in the table."""
    folder = settings.cache / "page-pixels"
    folder.mkdir(parents=True, exist_ok=True)
    n = RUNS * settings.rounds
    with _page() as page:
        return {
            "n": n,
            "browser": page.context.browser.version if page.context.browser else "",
            "cases": [_case(page, folder, n, *case) for case in CASES],
        }


def _case(
    page: Page, folder: Path, n: int, kind: str, orientation: int, color: Any
) -> dict[str, Any]:
    sys.stderr.write(f"bench: {kind}, {color}\n")
    path = folder / f"{orientation}.jpg"
    if not path.exists():
        path.write_bytes(encoded(kind, *SIZE))
    url = "/" + path.absolute().relative_to(REPOSITORY).as_posix()
    task = {"url": url, "orientation": orientation, "color": color, "n": n}
    answer = page.evaluate(_RUN, task)
    contract = InputContract(224, 224, color)
    expected = image_from_file(path, contract)
    if not np.array_equal(np.reshape(answer["image"], expected.shape), expected):
        raise RuntimeError(f"{kind}, {color}: the browser's image is not Python's")
    by_canvas = np.reshape(answer["byCanvas"], (224, 224, 4))[..., :3]
    with ExitStack() as turn:
        picture = decoded(path, 224, turn).picture
        python = {
            "image": _ms(partial(_upright, picture, orientation, contract), n),
            "file": _ms(partial(image_from_file, path, contract), n),
        }
    return {
        "picture": kind,
        "color": color,
        "browser_ms": answer["ms"],
        "python_ms": python,
        # of a picture that stands upright, in colour
        "canvas_levels": int(np.abs(by_canvas - expected).max())
        if orientation == 1 and color == "rgb"
        else None,
    }


def _upright(picture: Image.Image, orientation: int, contract: InputContract) -> None:
    picture.getexif()[0x0112] = orientation
    image_from_picture(picture, contract)


def _ms(run: Callable[[], object], n: int) -> list[float]:
    taken = []
    for _ in range(n + 1):
        started = time.perf_counter()
        run()
        taken.append(1000 * (time.perf_counter() - started))
    return taken[1:]


@contextmanager
def _page() -> Iterator[Page]:
    handler = partial(_Quiet, directory=str(REPOSITORY))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=chromium_flags()
            )
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/web/static/icon.svg")
            yield page
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def markdown(result: dict[str, Any]) -> str:
    """A table: a row for each side, a column for each case."""
    cases = result["cases"]
    heads = [f"{case['picture']}, {case['color']}" for case in cases]
    lines = [
        f"12 megapixels to 224 x 224, medians of {result['n']} in ms, least in brackets; "
        f"Chromium {result['browser']}.",
        "",
        f"| | {' | '.join(heads)} |",
        f"| --- |{' ---: |' * len(heads)}",
    ]
    for side in cases[0]["browser_ms"]:
        name = f"**{OURS[side]}**" if side in OURS else side
        lines.append(_row(name, [case["browser_ms"][side] for case in cases]))
    for side in cases[0]["python_ms"]:
        lines.append(_row(f"{OURS[side]}, Python", [case["python_ms"][side] for case in cases]))
    worst = max(statistics.median(case["browser_ms"]["image"]) for case in cases)
    levels = cases[0]["canvas_levels"]
    lines += [
        "",
        f"Target: pixels to image under {TARGET_MS} ms; the slowest takes {worst:.0f}. What the "
        f"canvas resizes is up to {levels} grey levels from what the model was trained on.",
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, columns: list[list[float]]) -> str:
    cells = [f"{statistics.median(ms):.0f} ({min(ms):.0f})" for ms in columns]
    return f"| {name} | {' | '.join(cells)} |"
