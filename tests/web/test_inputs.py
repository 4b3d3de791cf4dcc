"""The other ways to give the page a picture: dropped and pasted."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from edgeproof.edge.bundle import Bundle
from tests.edge.corpus.sizes import flat_png
from tests.web.visitor import proved

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


def test_what_the_worker_refuses_is_not_decoded_for_the_stage_either(
    page: Page, serve: Serve, digits_bundle: Path
) -> None:
    proved(page, serve(digits_bundle))
    expect(page.locator("#preview")).to_be_visible()
    bomb = flat_png(20_000, 10_000, depth=1)
    page.evaluate(GIVE, ["drop", "huge.png", base64.b64encode(bomb).decode()])
    expect(page.locator("#error")).to_contain_text("expected at most 30,000,000 pixels")
    expect(page.locator("#preview")).to_be_hidden()
    small = flat_png(20, 10)
    page.evaluate(GIVE, ["drop", "small.png", base64.b64encode(small).decode()])
    expect(page.locator("#preview")).to_be_visible()
