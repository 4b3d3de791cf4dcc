"""What a visitor does on the page, and what the tests of it share."""

from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from edgeproof.edge.bundle import Bundle
from edgeproof.web.app import create_app

# a browser on two busy cores takes its time
expect.set_options(timeout=30_000)

AXE = Path(create_app.__code__.co_filename).parent / "node_modules/axe-core/axe.min.js"


def proved(page: Page, address: str) -> None:
    """Opens the page and waits until its model was proved."""
    page.goto(address)
    expect(page.locator("#proof")).to_have_attribute("data-state", "passed", timeout=60_000)
    expect(page.locator("#answer")).to_be_visible()


def golden_labels(folder: Path) -> dict[Path, str]:
    """Golden file -> the label that the Keras model gives it."""
    bundle = Bundle.open(folder)
    golden = bundle.manifest.golden
    assert golden.file_outputs is not None
    winners = np.asarray(bundle.array(golden.file_outputs)).argmax(axis=1)
    labels = bundle.manifest.labels
    return {folder / g.file.path: labels[i] for g, i in zip(golden.files, winners, strict=True)}


def axe(page: Page) -> list[str]:
    """What axe finds wrong, whatever its severity, best practices included."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert len(result["passes"]) > 20, "axe did not look at the page"
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in result["violations"]]
