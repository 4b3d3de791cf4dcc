"""A written model on an engine of the page, in a real Chromium, without a server or a bundle."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, Route

from .engines import Files

_STATIC = Path(__file__).parents[3] / "web" / "static"
_SITE = "http://localhost/"  # WebGPU is offered to secure contexts only; no server listens there

_RUN = """
async ({ engine: name, variant, files, inputs }) => {
  const { engineNamed } = await import("/static/js/engines/index.js");
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const engine = (globalThis.engine ??= await engineNamed(name, { layers: false }));
  const types = { float32: Float32Array, int32: Int32Array };
  const named = Object.entries(files).map(([path, content]) => [path, bytes(content)]);
  const model = await engine.load(variant, new Map(named));
  const tensors = inputs.map(({ shape, dtype, content }) => {
    return { shape, data: new types[dtype](bytes(content).buffer) };
  });
  const before = engine.gpuCalls?.() ?? 0;
  const runs = [];
  for (let i = 0; i < 2; i++) {
    const outputs = await model.run(tensors);
    runs.push(outputs.map(({ shape, data }) => ({ shape, values: Array.from(data) })));
  }
  model.dispose();
  const calls = (engine.gpuCalls?.() ?? 0) - before;
  return { runs, fault: engine.faults?.first() ?? null, calls };
}
"""


def open_page(browser: Browser) -> Page:
    """A page of the page's own modules; one engine for each."""
    page = browser.new_page()
    page.route(f"{_SITE}**", _answer)
    page.goto(_SITE)
    return page


def run_in_page(
    page: Page, engine: str, files: Files, inputs: Sequence[np.ndarray], signature: dict[str, Any]
) -> list[list[np.ndarray]]:
    """Outputs of a first and of a second run. Fails where the graphics card was not used.

    `signature` is that of `model.json`: names of inputs and outputs, in the model's order.
    """
    names = {kind: list(signature[kind]) for kind in ("inputs", "outputs")}
    variant = {
        "id": "tfjs-float32",
        "entry": "model.json",
        "inputs": [
            {"name": name, "dtype": array.dtype.name, "shape": [None, *array.shape[1:]]}
            for name, array in zip(names["inputs"], inputs, strict=True)
        ],
        "outputs": [{"name": n, "dtype": "float32", "shape": [None]} for n in names["outputs"]],
    }
    answer = page.evaluate(
        _RUN,
        {
            "engine": engine,
            "variant": variant,
            "files": {name: _text(content) for name, content in files.items()},
            "inputs": [
                {
                    "shape": list(array.shape),
                    "dtype": array.dtype.name,
                    "content": _text(np.ascontiguousarray(array).tobytes()),
                }
                for array in inputs
            ],
        },
    )
    assert answer["fault"] is None, answer["fault"]
    assert answer["calls"] > 0
    return [
        [np.array(o["values"], np.float32).reshape(o["shape"]) for o in outputs]
        for outputs in answer["runs"]
    ]


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(_SITE)
    file = _STATIC / path.removeprefix("static/")
    if path.startswith("static/") and file.is_file():
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        route.fulfill(body=file.read_bytes(), content_type=kind)
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")
