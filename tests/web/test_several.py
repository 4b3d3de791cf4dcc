"""Many pictures in the page: a grid, errors by file, a table to take away."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from edgeproof.edge.bundle import Bundle
from tests.web.visitor import golden_labels, proved

Serve = Callable[..., str]
# how many calls the worker has at once, how many addresses of blobs are open, and the most of each
COUNT = """() => {
  window.counted = { calls: 0, mostCalls: 0, urls: 0, mostUrls: 0 };
  const more = (kind, most) => {
    counted[kind]++;
    counted[most] = Math.max(counted[most], counted[kind]);
  };
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (!this.watched) this.addEventListener("message", ({ data }) => {
      if ("result" in data || "error" in data) counted.calls--;
    });
    this.watched = true;
    more("calls", "mostCalls");
    return post.call(this, message, ...rest);
  };
  const make = URL.createObjectURL;
  URL.createObjectURL = (blob) => { more("urls", "mostUrls"); return make.call(URL, blob); };
  const revoke = URL.revokeObjectURL;
  URL.revokeObjectURL = (url) => { counted.urls--; revoke.call(URL, url); };
}"""
HUNDREDS = 300
# so many small pictures, each of its own gray, dropped at once
DROP = """async (count) => {
  const canvas = new OffscreenCanvas(40, 30);
  const context = canvas.getContext("2d");
  const dataTransfer = new DataTransfer();
  for (let i = 0; i < count; i++) {
    context.fillStyle = `rgb(${i % 256} ${i % 256} ${i % 256})`;
    context.fillRect(0, 0, 40, 30);
    const blob = await canvas.convertToBlob();
    dataTransfer.items.add(new File([blob], `${i}.png`, { type: "image/png" }));
  }
  const options = { bubbles: true, cancelable: true, dataTransfer };
  document.body.dispatchEvent(new DragEvent("drop", options));
}"""


def tiles(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.locator("#several-list .tile").evaluate_all(
        "all => all.map(t => ['tile-name', 'tile-label', 'tile-note']"
        ".map(c => t.querySelector('.' + c).textContent))"
    )
    return found


def saved(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.click(button)
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_good_and_bad_files_are_a_grid_and_a_table(
    page: Page, serve: Serve, digits_bundle: Path, tmp_path: Path
) -> None:
    proved(page, serve(digits_bundle))
    expected = golden_labels(digits_bundle)
    words, formula = tmp_path / "words.png", tmp_path / "=1+1.png"
    words.write_text("these are words")
    cut = tmp_path / "cut.jpg"
    jpeg = next(path for path in expected if path.suffix == ".jpg")
    cut.write_bytes(jpeg.read_bytes()[:100])
    formula.write_bytes(jpeg.read_bytes())
    page.set_input_files("#file", [words, *expected, cut, formula])
    expect(page.locator("#several-status")).to_have_text(
        f"{len(expected) + 3} pictures, 2 without an answer"
    )
    shown = {name: (label, note) for name, label, note in tiles(page)}
    for path, label in expected.items():
        assert shown[path.name][0] == label, path
        assert shown[path.name][1].endswith("%")
    for bad in (words, cut):
        assert shown[bad.name][0] == "No answer"
        assert "expected " in shown[bad.name][1]
    # a small copy of each picture that is one; their addresses are given back
    expect(page.locator("#several-list img")).to_have_count(len(expected) + 1)

    text = saved(page, "#several-csv", tmp_path).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(), strict=True))
    best = {row["file"]: row["label"] for row in rows if row["rank"] == "1"}
    assert best == {p.name: label for p, label in expected.items()} | {"'=1+1.png": expected[jpeg]}
    version = page.evaluate("JSON.parse(document.getElementById('offers').text)[0].version")
    answered = [row for row in rows if row["rank"]]
    assert len(answered) == 5 * (len(expected) + 1)
    for row in answered:
        assert row["model"] == Bundle.open(digits_bundle).manifest.name
        assert (row["version"], row["variant"]) == (version, "tfjs-float32")
        assert (row["engine"], row["proof"]) == ("tfjs-wasm", "passed")
        assert 0 <= float(row["probability"]) <= 1
    assert {row["file"] for row in rows if row["error"]} == {"words.png", "cut.jpg"}
    documents = json.loads(saved(page, "#several-json", tmp_path).read_text("utf-8"))
    assert [d["file"] for d in documents] == [p.name for p in (words, *expected, cut, formula)]
    assert "expected " in documents[0]["error"]

    # one of them in full
    page.click(f"#several-list button:has-text('{jpeg.name}')")
    expect(page.locator("#winner-label")).to_have_text(expected[jpeg])
    expect(page.locator("#preview")).to_be_visible()
    page.click("#several-list button:has-text('words.png')")
    expect(page.locator("#error")).to_contain_text("expected a picture")
    page.click("#several-clear")
    expect(page.locator("#several")).to_be_hidden()
    expect(page.locator("#tab-file")).to_be_focused()


def test_hundreds_dropped_go_one_at_a_time_and_stop(
    page: Page, serve: Serve, digits_bundle: Path
) -> None:
    proved(page, serve(digits_bundle))
    page.evaluate(COUNT)
    page.evaluate(DROP, HUNDREDS)
    expect(page.locator("#several-stop")).to_have_text("Stop")
    page.click("#several-stop")
    expect(page.locator("#several-stop")).to_have_text("Go on")
    left = page.locator("#several-list [data-state=waiting]").count()
    assert left > 0
    # the page is free meanwhile: another picture is answered
    page.click("#examples-list button >> nth=3")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    assert page.locator("#several-list [data-state=waiting]").count() == left
    page.click("#several-stop")
    expect(page.locator("#several-status")).to_have_text(f"{HUNDREDS} pictures", timeout=60_000)
    assert page.locator("#several-list [data-state=done]").count() == HUNDREDS
    counted = page.evaluate("counted")
    assert counted["calls"] == 0
    # a picture of the grid, and what the stage asks beside it
    assert counted["mostCalls"] <= 3
    # the stage's picture, and a small copy or two that are being decoded
    assert counted["urls"] <= 3


def test_another_engine_goes_on_with_what_waits(
    page: Page, serve: Serve, digits_bundle: Path, tmp_path: Path
) -> None:
    proved(page, serve(digits_bundle))
    for i in range(60):
        Image.new("L", (8, 8), i).save(tmp_path / f"{i:03}.png")
    page.set_input_files("#file", sorted(tmp_path.glob("*.png")))
    page.select_option("#engine", "tfjs-cpu")
    expect(page.locator("#several-status")).to_have_text("60 pictures", timeout=60_000)
    documents = json.loads(saved(page, "#several-json", tmp_path).read_text("utf-8"))
    assert [d["engine"] for d in documents][-1] == "tfjs-cpu"
    assert all("error" not in d for d in documents)


def test_visit_is_kept_in_the_tab_and_forgotten(
    page: Page, serve: Serve, digits_bundle: Path
) -> None:
    proved(page, serve(digits_bundle))
    # what the page showed of its own accord was not asked by anybody
    expect(page.locator("#history")).to_be_hidden()
    expected = golden_labels(digits_bundle)
    for path, label in list(expected.items())[:3]:
        page.set_input_files("#file", path)
        expect(page.locator("#history-list li >> nth=0")).to_contain_text(path.name)
        expect(page.locator("#winner-label")).to_have_text(label)
    expect(page.locator("#history-list img")).to_have_count(3)
    first = next(iter(expected))
    page.click(f"#history-list button:has-text('{first.name}')")
    expect(page.locator("#winner-label")).to_have_text(expected[first])
    expect(page.locator("#history-list li >> nth=0")).to_contain_text(first.name)
    assert page.locator("#history-list li").count() == 3  # the same picture is there once
    page.click("#history-clear")
    expect(page.locator("#history")).to_be_hidden()
