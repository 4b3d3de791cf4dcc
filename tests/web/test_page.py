"""The real page in a real browser: pictures in, labels out, and a proof that can fail."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from edgeproof.edge.bundle import Bundle

ENGINES = ["tfjs-wasm", "tfjs-wasm-threads", "tfjs-webgl", "tfjs-webgpu", "tfjs-cpu"]
Serve = Callable[..., str]


def golden_labels(folder: Path) -> dict[str, str]:
    """Golden file -> the label that the Keras model gives it."""
    bundle = Bundle.open(folder)
    golden = bundle.manifest.golden
    assert golden.file_outputs is not None
    winners = bundle.array(golden.file_outputs).argmax(axis=1)
    labels = bundle.manifest.labels
    return {g.file.path: labels[i] for g, i in zip(golden.files, winners, strict=True)}


def wait_for_proof(page: Page, state: str) -> None:
    expect(page.locator("#proof")).to_have_attribute("data-state", state, timeout=60_000)


def upload(page: Page, path: Path) -> str:
    """Upload a picture and read the label of the answer."""
    page.set_input_files("#file", path)
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#answer")).to_be_visible()
    return page.locator("#winner-label").inner_text()


@pytest.mark.parametrize("engine", ENGINES)
def test_every_golden_file_gets_the_label_of_keras(
    page: Page, serve: Serve, digits_bundle: Path, quick_bundle: Path, engine: str
) -> None:
    # a software graphics card is slow: its proof has fewer cases here, the files are the same
    served = quick_bundle if engine in ("tfjs-webgl", "tfjs-webgpu") else digits_bundle
    page.goto(f"{serve(served)}?engine={engine}")
    wait_for_proof(page, "passed")
    expected = golden_labels(digits_bundle)
    assert len(expected) >= 8
    golden = Bundle.open(digits_bundle).manifest.golden
    assert any("EXIF orientation" in g.description for g in golden.files)
    for path, label in expected.items():
        assert upload(page, digits_bundle / path) == label, path
        assert page.locator("#bars li").count() == 5
        assert page.locator("#model-ms").inner_text().endswith("ms")
    expect(page.locator("#announcement")).to_contain_text(label)


def test_a_tflite_file_runs_in_the_page_too(page: Page, serve: Serve, digits_bundle: Path) -> None:
    page.goto(f"{serve(digits_bundle)}?variant=tflite-float32")
    wait_for_proof(page, "passed")
    options = page.locator("#engine option").evaluate_all("all => all.map(o => o.value)")
    assert options == ["auto", "litertjs-wasm", "litertjs-webgpu"]
    path, label = next(iter(golden_labels(digits_bundle).items()))
    assert upload(page, digits_bundle / path) == label
    page.select_option("#variant", "tfjs-float32")
    wait_for_proof(page, "passed")
    expect(page.locator("#engine option:checked")).to_have_text("Auto: WebAssembly")


@pytest.mark.parametrize("variant", ["tfjs-float16", "tfjs-uint8"])
def test_badge_says_what_was_compared(
    page: Page, serve: Serve, digits_bundle: Path, variant: str
) -> None:
    page.goto(f"{serve(digits_bundle)}?variant={variant}")
    wait_for_proof(page, "passed")
    golden = Bundle.open(digits_bundle).manifest.golden
    inputs = np.load(digits_bundle / golden.inputs[0].path)
    total = len(inputs) + len(golden.files)
    text = page.locator("#proof-summary").inner_text()
    assert text.startswith(f"Matches training on this device: {total}/{total}, worst error ")
    assert page.locator("#variant").input_value() == variant


def test_choice_of_engine_is_proved_again_and_kept_in_the_address(
    page: Page, serve: Serve, digits_bundle: Path
) -> None:
    page.goto(serve(digits_bundle))
    wait_for_proof(page, "passed")
    page.click("#examples-list button >> nth=0")
    expect(page.locator("#answer")).to_be_visible()
    page.select_option("#engine", "tfjs-cpu")
    wait_for_proof(page, "busy")
    wait_for_proof(page, "passed")
    assert "engine=tfjs-cpu" in page.url
    page.click("#proof summary")
    assert "Plain JavaScript" in page.locator("#proof-details").inner_text()


def with_bytes(bundle: Path, path: Path, content: bytes) -> None:
    """Change a file and its entry in the manifest, as a wrong conversion would have."""
    path.write_bytes(content)
    manifest = json.loads((bundle / "bundle.json").read_text())
    name = path.relative_to(bundle).as_posix()
    entries = [f for v in manifest["variants"] for f in v["files"] if f["path"] == name]
    assert len(entries) == 1
    entries[0]["sha256"] = hashlib.sha256(content).hexdigest()
    entries[0]["bytes"] = len(content)
    (bundle / "bundle.json").write_text(json.dumps(manifest))


def test_corrupted_weight_turns_the_badge_red(page: Page, serve: Serve, quick_bundle: Path) -> None:
    shard = next((quick_bundle / "variants/tfjs-float32").glob("*.bin"))
    weights = np.frombuffer(shard.read_bytes(), "<f4").copy()
    weights[np.abs(weights).argmax()] *= -3
    with_bytes(quick_bundle, shard, weights.tobytes())
    page.goto(serve(quick_bundle))
    wait_for_proof(page, "failed")
    text = page.locator("#proof-summary").inner_text()
    assert text.startswith("Does not match training on this device: ")
    assert "First: golden input" in text
    page.click("#examples-list button >> nth=0")
    expect(page.locator("#doubt")).to_be_visible()


def test_altered_file_is_refused(page: Page, serve: Serve, bundle_copy: Path) -> None:
    address = serve(bundle_copy)
    shard = next((bundle_copy / "variants/tfjs-float32").glob("*.bin"))
    content = bytearray(shard.read_bytes())
    content[5] ^= 1
    shard.write_bytes(content)
    page.goto(address)
    wait_for_proof(page, "failed")
    details = page.locator("#proof-details").inner_text()
    name = shard.relative_to(bundle_copy).as_posix()
    assert details.startswith(f"{name} was altered: expected SHA-256 ")
    assert hashlib.sha256(content).hexdigest() in details
    page.click("#examples-list button >> nth=0")
    expect(page.locator("#error")).to_contain_text("was altered")


def test_what_is_not_a_picture_is_said(
    page: Page, serve: Serve, digits_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "words.png").write_text("these are words")
    page.goto(serve(digits_bundle))
    wait_for_proof(page, "passed")
    page.set_input_files("#file", tmp_path / "words.png")
    expect(page.locator("#error")).to_contain_text(
        "expected a picture that this browser can decode"
    )
    expect(page.locator("#preview")).to_be_hidden()


# corners of strokes, as shares of the pad
SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.45, 0.85)]
FIVE = [(0.7, 0.15), (0.4, 0.15), (0.38, 0.45), (0.6, 0.45), (0.68, 0.6), (0.6, 0.8), (0.36, 0.82)]


SEEN = """() => {
  const seen = document.querySelector("#seen");
  const { data } = seen.getContext("2d").getImageData(0, 0, seen.width, seen.height);
  return [...data].filter((_, i) => i % 4 === 0);
}"""


def ink_of(images: np.ndarray) -> np.ndarray:
    """Longer side of the ink's box, row and column of its middle, and its amount: N x 4, pixels."""
    found = []
    for image in images[..., 0] / images.max():
        rows, columns = np.nonzero(image >= 0.25)
        sides = np.ptp(rows) + 1, np.ptp(columns) + 1
        middle = [(image.sum(axis=a) * np.arange(8)).sum() / image.sum() for a in (1, 0)]
        found.append([max(sides), *middle, image.sum()])
    return np.array(found)


@pytest.mark.parametrize(("stroke", "label"), [(SEVEN, "7"), (FIVE, "5")])
def test_drawing_is_classified_and_cleared(
    page: Page,
    serve: Serve,
    digits_bundle: Path,
    stroke: list[tuple[float, float]],
    label: str,
) -> None:
    page.goto(serve(digits_bundle))
    wait_for_proof(page, "passed")
    page.click("#tab-draw")
    box = page.locator("#pad").bounding_box()
    assert box is not None
    points = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in stroke]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=5)
    page.mouse.up()
    expect(page.locator("#winner-label")).to_have_text(label)
    # the ink lies as the data set's does: its box, its middle and its amount are among the golden
    (inputs,) = Bundle.open(digits_bundle).manifest.golden.inputs
    golden = ink_of(np.load(digits_bundle / inputs.path))
    drawn = ink_of(np.array([page.evaluate(SEEN)], np.uint8).reshape(1, 8, 8, 1))
    assert (golden.min(axis=0) - 0.5 <= drawn[0]).all(), (drawn, golden.min(axis=0))
    assert (drawn[0] <= golden.max(axis=0) + 0.5).all(), (drawn, golden.max(axis=0))
    page.click("#pad-clear")
    expect(page.locator("#empty")).to_be_visible()


def test_labels_are_text_and_never_markup(page: Page, serve: Serve, bundle_copy: Path) -> None:
    path = bundle_copy / "bundle.json"
    manifest = json.loads(path.read_text())
    hostile = "<img src=x onerror=\"document.title='taken'\">"
    manifest["labels"] = [f"{hostile}{i}" for i in range(len(manifest["labels"]))]
    manifest["name"] = hostile
    path.write_text(json.dumps(manifest))
    page.goto(serve(bundle_copy))
    wait_for_proof(page, "passed")
    page.click("#examples-list button >> nth=0")
    expect(page.locator("#winner-label")).to_contain_text("<img src=x")
    assert page.locator("main img[src=x]").count() == 0
    assert page.title() == f"{hostile} · Edgeproof"


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_window(
    page: Page, serve: Serve, digits_bundle: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(serve(digits_bundle))
    wait_for_proof(page, "passed")
    page.click("#examples-list button >> nth=0")
    expect(page.locator("#answer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_tabs_are_moved_through_with_the_keyboard(
    page: Page, serve: Serve, digits_bundle: Path
) -> None:
    page.goto(serve(digits_bundle))
    wait_for_proof(page, "passed")
    page.focus("#tab-file")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tab-draw")).to_be_focused()
    expect(page.locator("#panel-draw")).to_be_visible()
    expect(page.locator("#panel-file")).to_be_hidden()


def test_pictures_do_not_leave_the_browser(page: Page, serve: Serve, digits_bundle: Path) -> None:
    page.goto(serve(digits_bundle))
    wait_for_proof(page, "passed")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(f"{request.method} {request.url}"))
    upload(page, digits_bundle / Bundle.open(digits_bundle).manifest.golden.files[0].file.path)
    assert [r for r in requests if "blob:" not in r] == []
