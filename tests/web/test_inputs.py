"""The other ways to give the page a picture: dropped, pasted, and from a camera."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from edgeproof.convert.verify.browser import chromium_flags, find_chromium
from edgeproof.edge.bundle import Bundle

Serve = Callable[..., str]

# a file as the browser's own events carry it
GIVE = """([kind, name, text]) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  document.body.dispatchEvent(kind === "paste"
    ? new ClipboardEvent(kind, { ...options, clipboardData: data })
    : new DragEvent(kind, { ...options, dataTransfer: data }));
}"""


def proved(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#proof")).to_have_attribute("data-state", "passed", timeout=60_000)


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_picture_is_classified(page: Page, serve: Serve, digits_bundle: Path, kind: str) -> None:
    bundle = Bundle.open(digits_bundle)
    golden = bundle.manifest.golden
    assert golden.file_outputs is not None
    labels = [bundle.manifest.labels[i] for i in bundle.array(golden.file_outputs).argmax(axis=1)]
    # the last of them, whose label is not the first one's: an answer that was there before is none
    index = max(i for i, label in enumerate(labels) if label != labels[0])
    path = digits_bundle / golden.files[index].file.path
    proved(page, serve(digits_bundle))
    page.evaluate(GIVE, [kind, path.name, base64.b64encode(path.read_bytes()).decode()])
    expect(page.locator("#winner-label")).to_have_text(labels[index])


def test_camera_picture_is_classified(chromium: Browser, serve: Serve, digits_bundle: Path) -> None:
    # Chromium's own test camera; it must be asked for when the browser starts
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = chromium.browser_type.launch(
        executable_path=find_chromium(), args=[*chromium_flags(), *flags]
    )
    try:
        page = browser.new_page()
        proved(page, serve(digits_bundle))
        page.locator("#tab-camera").click()
        expect(page.locator("#camera-take")).to_be_enabled()
        page.locator("#camera-take").click()
        expect(page.locator("#answer")).to_be_visible()
        labels = Bundle.open(digits_bundle).manifest.labels
        assert page.locator("#winner-label").inner_text() in labels
        # away from the camera it is switched off
        page.locator("#tab-camera").press("ArrowLeft")
        expect(page.locator("#camera-take")).to_be_disabled()
    finally:
        browser.close()
