"""A graph model of a bundle loads with `tf.loadGraphModel(url)` alone, in Node and in a page."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from edgeproof.convert.description import Description
from edgeproof.convert.teachable_machine import teachable_machine_metadata
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.contract import InputContract

from .engines import node_binary

_SCRIPTS = ("tfjs-core/dist/tf-core", "tfjs-backend-cpu/dist/tf-backend-cpu")
_SCRIPTS += ("tfjs-converter/dist/tf-converter",)
_PAGE = "<!doctype html><title>bare</title>" + "".join(
    f'<script src="/node_modules/@tensorflow/{name}.min.js"></script>' for name in _SCRIPTS
)
_IN_PAGE = """async ({ url, shape, values }) => {
  const model = await tf.loadGraphModel(url);
  return Array.from(await model.predict(tf.tensor(values, shape)).data());
}"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(web_folder: Path, tiny_bundle: Path, tmp_path: Path) -> Iterator[str]:
    """Any static file server: the bundle, the npm packages and an empty page."""
    (tmp_path / "bundle").symlink_to(tiny_bundle)
    (tmp_path / "node_modules").symlink_to(web_folder / "node_modules")
    (tmp_path / "index.html").write_text(_PAGE)
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def golden(tiny_bundle: Path) -> tuple[np.ndarray, np.ndarray]:
    bundle = Bundle.open(tiny_bundle)
    stored = bundle.manifest.golden
    images = bundle.array(stored.inputs[0])[:2].astype(np.float32)
    return images, bundle.array(stored.outputs[0])[:2]


def test_in_node(address: str, web_folder: Path, golden: tuple[np.ndarray, np.ndarray]) -> None:
    images, expected = golden
    runner = Path(__file__).with_name("load_bare.mjs")
    url = f"{address}/bundle/variants/tfjs-float32/model.json"
    done = subprocess.run(
        [node_binary(), str(runner), str(web_folder), url],
        input=json.dumps({"shape": images.shape, "values": images.reshape(-1).tolist()}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    got = np.array(json.loads(done.stdout)).reshape(expected.shape)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_in_a_page(address: str, golden: tuple[np.ndarray, np.ndarray]) -> None:
    images, expected = golden
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    url = f"{address}/bundle/variants/tfjs-float32/model.json"
    given = {"url": url, "shape": images.shape, "values": images.reshape(-1).tolist()}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{address}/index.html")
        got = np.array(page.evaluate(_IN_PAGE, given)).reshape(expected.shape)
        browser.close()
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_metadata_lies_beside_every_model_and_is_hashed(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    for variant in bundle.manifest.variants:
        names = [Path(entry.path).name for entry in variant.files]
        assert ("metadata.json" in names) == variant.format.startswith("tfjs")
    entry = bundle.variant("tfjs-uint8").files[-1]
    document = json.loads(bundle.read(entry))
    assert document["labels"] == list(bundle.manifest.labels)
    assert document["modelName"] == "tiny"
    # 12 x 10 pixels: the form's single number cannot say that
    assert "imageSize" not in document
    assert document["userMetadata"] == {
        "height": 12,
        "width": 10,
        "fit": "stretch",
        "scale": [1.0],
        "offset": [0.0],
        "scores": "softmax",
    }


def test_square_and_gray_pictures_are_said_as_teachable_machine_does() -> None:
    contract = InputContract(28, 28, "gray")
    labels = ("nought", "één")
    description = Description("digits", "image-classification", labels, contract, "softmax")
    document = json.loads(teachable_machine_metadata(description))
    assert document["imageSize"] == 28
    assert document["grayscale"] is True
    assert document["labels"] == ["nought", "één"]
