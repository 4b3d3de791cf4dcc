"""Bundles and browsers that are unlike what the page was made for."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.visitor import axe, golden_labels, proved

Serve = Callable[..., str]
SCRIPT = "<img src=x onerror=\"document.title='taken'\">"
# overrides that turn what follows around, a label in Arabic, and one as long as a page
HOSTILE = [SCRIPT, "\u202egnihtyreve\u202d", "سلام عليكم", "w" * 3000, "", "  ", "a\nb"]


def with_labels(bundle: Path, labels: list[str]) -> None:
    path = bundle / "bundle.json"
    manifest = json.loads(path.read_text())
    manifest["labels"] = labels
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize("width", [360, 1280])
def test_labels_that_look_like_markup_or_run_from_right_to_left(
    page: Page, serve: Serve, bundle_copy: Path, width: int
) -> None:
    count = len(json.loads((bundle_copy / "bundle.json").read_text())["labels"])
    labels = (HOSTILE + [f"label {i}" for i in range(count)])[:count]
    with_labels(bundle_copy, labels)
    page.set_viewport_size({"width": width, "height": 780})
    proved(page, serve(bundle_copy))
    for i, path in enumerate(list(golden_labels(bundle_copy))[:6]):
        page.set_input_files("#file", path)
        expect(page.locator("#history-list li")).to_have_count(i + 1)
    page.click("#why")
    expect(page.locator("#why-map")).to_be_visible()
    shown = page.locator("#bars .label").all_text_contents()
    assert set(shown) <= set(labels)
    assert page.locator("main img[src=x]").count() == 0
    assert page.title() != "taken"
    # what a label turns around ends with it
    assert page.locator("#bars .label").evaluate_all(
        "all => all.every((e) => e.dir === 'auto' "
        "&& ['isolate', 'plaintext', 'isolate-override'].includes(getComputedStyle(e).unicodeBidi))"
    )
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert axe(page) == []


# in a process of its own: TensorFlow and a browser side by side are slow to start
WIDE = """
import sys
import keras
from edgeproof.convert.api import convert_model
from edgeproof.convert.options import ConvertOptions
keras.utils.set_random_seed(0)
inputs = keras.Input((8, 8, 1))
x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 16)(inputs))
outputs = keras.layers.Dense(10_000, activation="softmax")(x)
model, bundle = sys.argv[1:]
keras.Model(inputs, outputs).save(model)
convert_model(model, bundle, options=ConvertOptions(variants="tfjs-uint8"))
"""


@pytest.fixture
def wide_bundle(tmp_path: Path) -> Path:
    """A bundle of 10,000 labels."""
    bundle = tmp_path / "wide"
    command = [sys.executable, "-c", WIDE, tmp_path / "wide.keras", bundle]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return bundle


def test_ten_thousand_labels(page: Page, serve: Serve, wide_bundle: Path) -> None:
    proved(page, serve(wide_bundle))
    expect(page.locator("#subtitle")).to_contain_text("Tells 10,000 classes apart")
    assert page.locator("#bars li").count() == 5
    path, label = list(golden_labels(wide_bundle).items())[1]
    page.set_input_files("#file", path)
    expect(page.locator("#history-list")).to_contain_text(path.name)
    expect(page.locator("#winner-label")).to_have_text(label)
    page.click("#why")
    expect(page.locator("#why-map")).to_be_visible(timeout=60_000)
    # only what is shown of them is in the document
    assert page.evaluate("document.querySelectorAll('*').length") < 600


BLOCKED: dict[str, Any] = {
    "service worker refused": "ServiceWorkerContainer.prototype.register = () => "
    "Promise.reject(new DOMException('storage is blocked', 'SecurityError'));",
    "storage that throws": """
      for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"]) {
        Object.defineProperty(window, name, {
          get() { throw new DOMException("storage is blocked", "SecurityError"); },
        });
      }
      ServiceWorkerContainer.prototype.register = () =>
        Promise.reject(new DOMException("storage is blocked", "SecurityError"));
    """,
}


@pytest.mark.parametrize("blocked", BLOCKED)
def test_page_answers_where_storage_is_blocked(
    page: Page, serve: Serve, digits_bundle: Path, blocked: str
) -> None:
    page.add_init_script(BLOCKED[blocked])
    proved(page, serve(digits_bundle))
    expect(page.locator("#offline")).to_contain_text("Not kept for offline use")
    path, label = list(golden_labels(digits_bundle).items())[3]
    page.set_input_files("#file", path)
    expect(page.locator("#history-list")).to_contain_text(path.name)
    expect(page.locator("#winner-label")).to_have_text(label)
