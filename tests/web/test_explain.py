"""“Why this answer?” in the browser, against the same map made in Python with LiteRT."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.classifier import Classifier
from edgeproof.edge.image import image_from_file
from edgeproof.edge.scores import probabilities
from tests.web.visitor import golden_labels, proved

Serve = Callable[..., str]
EXPLAIN = """async ({offer, engine, variant, image, label, cancel}) => {
  const page = document.querySelector("script[src]").src;
  const { WorkerClient } = await import(new URL("../js/client.js", page));
  const client = new WorkerClient();
  await client.call("load", { bundle: offer, variant, engine });
  const control = new AbortController();
  const seen = [];
  const onProgress = ({ done }) => {
    seen.push(done);
    if (cancel && done > 0) control.abort();
  };
  try {
    const question = { image: Uint8Array.from(image), label };
    const map = await client.call("explain", question, { signal: control.signal, onProgress });
    return { ...map, drops: [...map.drops], heat: [...map.heat], seen };
  } catch (error) {
    const late = seen.length;
    await client.call("tensors"); // answered: the worker is free again
    await client.call("tensors");
    return { error: error.name, seen, more: seen.length - late };
  } finally {
    client.close();
  }
}"""


def occlusion_map(folder: Path, image: np.ndarray, label: int) -> tuple[np.ndarray, np.ndarray]:
    """Drops and heat as they are defined, one image at a time."""
    bundle = Bundle.open(folder)
    height, width = image.shape[:2]
    patch = [max(1, (side + 2) // 5) for side in (height, width)]
    starts = [
        sorted({*range(0, side - size, max(1, size // 2)), side - size})
        for side, size in zip((height, width), patch, strict=True)
    ]
    mean = np.floor(image.reshape(-1, image.shape[-1]).mean(axis=0) + 0.5).astype(np.uint8)
    with Classifier(bundle, variant="tflite-float32") as classifier:

        def probability(pixels: np.ndarray) -> float:
            raw = classifier.raw_output(pixels)
            count = len(bundle.manifest.labels)
            return float(probabilities(raw[None], bundle.manifest.output, count)[0, label])

        whole = probability(image)
        drops = np.zeros((len(starts[0]), len(starts[1])))
        total, covers = np.zeros((height, width)), np.zeros((height, width))
        for i, top in enumerate(starts[0]):
            for j, left in enumerate(starts[1]):
                part = np.s_[top : top + patch[0], left : left + patch[1]]
                covered = image.copy()
                covered[part] = mean
                drops[i, j] = whole - probability(covered)
                total[part] += drops[i, j]
                covers[part] += 1
    return drops, total / covers


def explained(page: Page, address: str, image: np.ndarray, label: int, **options: Any) -> Any:
    page.goto(address + "verify.html")
    (offer,) = page.evaluate("fetch('bundles.json').then((r) => r.json())")
    given = {"engine": "tfjs-wasm", "variant": "tfjs-float32", "cancel": False, **options}
    return page.evaluate(
        EXPLAIN, {"offer": offer, "image": image.ravel().tolist(), "label": label, **given}
    )


@pytest.mark.parametrize(
    ("engine", "variant"),
    [("tfjs-wasm", "tfjs-float32"), ("litertjs-wasm", "tflite-float32")],
)
def test_map_is_that_of_python(
    page: Page, serve: Serve, digits_bundle: Path, engine: str, variant: str
) -> None:
    contract = Bundle.open(digits_bundle).manifest.input
    assert contract is not None
    labels = Bundle.open(digits_bundle).manifest.labels
    # the one whose map says most: a sure answer hides what a fault would do
    path, label = list(golden_labels(digits_bundle).items())[-2]
    image = image_from_file(path, contract)
    index = labels.index(label)
    drops, heat = occlusion_map(digits_bundle, image, index)
    assert np.abs(drops).max() > 0.05
    found = explained(page, serve(digits_bundle), image, index, engine=engine, variant=variant)
    assert (len(found["tops"]), len(found["lefts"])) == drops.shape
    np.testing.assert_allclose(found["drops"], drops.ravel(), atol=1e-5)
    np.testing.assert_allclose(found["heat"], heat.ravel(), atol=1e-5)
    assert found["seen"] == list(range(0, drops.size, 8))
    # the controls: another label's map and the map of the picture moved by a pixel are not it
    other, _ = occlusion_map(digits_bundle, image, (index + 1) % len(labels))
    moved, _ = occlusion_map(digits_bundle, np.roll(image, 1, axis=1), index)
    for wrong in (other, moved):
        assert np.abs(np.asarray(found["drops"]) - wrong.ravel()).max() > 1e-3


def test_given_up_it_ends_at_once(page: Page, serve: Serve, digits_bundle: Path) -> None:
    image = np.arange(64, dtype=np.uint8)
    found = explained(page, serve(digits_bundle), image, 0, cancel=True)
    assert found == {"error": "AbortError", "seen": [0, 8], "more": 0}


def test_why_is_shown_told_and_put_away(page: Page, serve: Serve, digits_bundle: Path) -> None:
    proved(page, serve(digits_bundle))
    toggle = page.locator("#why")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#why-map")).to_be_visible()
    words = page.locator("#why-words").inner_text()
    assert "the probability of “" in words
    assert words in (page.locator("#why-map").get_attribute("aria-label") or "")
    expect(page.locator("#why-lower")).to_contain_text("points")
    size = page.evaluate(
        "(({width, height}) => [width, height])(document.querySelector('#why-map'))"
    )
    assert size == [8, 8]
    # another picture is explained too, as long as it is wanted
    page.click("#examples-list button >> nth=4")
    expect(page.locator("#why-words")).not_to_have_text(words)
    expect(page.locator("#why-map")).to_be_visible()
    page.keyboard.press("Tab")
    toggle.click()
    expect(page.locator("#why-panel")).to_be_hidden()
