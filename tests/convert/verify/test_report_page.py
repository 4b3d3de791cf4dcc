"""The page in a real browser: accessible, at every width, whatever labels and names say."""

import base64
import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from edgeproof.convert.verify.html.examples import MOST_BYTES
from edgeproof.convert.verify.html.page import html_report
from edgeproof.convert.verify.layers import LayerCurve, LayerPoint, Layers
from edgeproof.convert.verify.report import Report
from edgeproof.convert.verify.write import write_report
from edgeproof.web.app import create_app

pytestmark = pytest.mark.xdist_group("report")

AXE = Path(create_app.__code__.co_filename).parent / "node_modules/axe-core/axe.min.js"
SCRIPT = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
TURNED = "\u202egnihtyreve\u202d سلام \u0000\ud800"
LONG = "w" * 5000


def hostile(report: Report) -> Report:
    """The same report of a model with 10,000 labels, among them the worst."""
    labels = (SCRIPT, TURNED, LONG, *(f"label {i}" for i in range(3, 10_000)))
    facts = dataclasses.replace(
        report.bundle, name=SCRIPT + TURNED, source=LONG, labels=labels, path="</title>"
    )
    points = tuple(
        LayerPoint(name, "'\"><b>", (SCRIPT, TURNED), 40.0, 3.0, True)
        for name in (SCRIPT, TURNED, LONG)
    )
    curves = (LayerCurve("tflite-int8", None, 20.0, points, (SCRIPT,)), LayerCurve("x", SCRIPT))
    rows = (dataclasses.replace(report.rows[0], failure=SCRIPT), *report.rows[1:])
    return dataclasses.replace(report, bundle=facts, layers=Layers(None, 4, 1.0, curves), rows=rows)


@pytest.fixture
def shown(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens a report as a file, offline; whatever it would load is an error."""
    contexts = []

    def show(report: Report | str, width: int = 1280, **options: Any) -> Page:
        place = tmp_path / "report.html"
        if isinstance(report, Report):
            write_report(report, tmp_path)
        else:
            place.write_text(report, encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda r: asked.append(r.url))
        asked: list[str] = []
        page.goto(place.as_uri())
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        return page

    yield show
    for context in contexts:
        context.close()


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")


def axe(page: Page) -> list[str]:
    """What axe finds wrong, whatever its severity, best practices included."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert len(result["passes"]) > 20, "axe did not look at the page"
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in result["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["full_report", "broken_report"])
def test_axe_finds_nothing(
    name: str, scheme: Any, shown: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    page = shown(request.getfixturevalue(name), color_scheme=scheme)
    open_all(page)
    assert axe(page) == []


def test_axe_finds_nothing_in_hostile_names_on_a_phone(
    full_report: Report, shown: Callable[..., Page]
) -> None:
    page = shown(hostile(full_report), width=360)
    open_all(page)
    assert axe(page) == []


def test_axe_finds_what_is_broken(full_report: Report, shown: Callable[..., Page]) -> None:
    """The control: the same page with a fault of each kind that the page could have."""
    html = html_report(full_report)
    faults = {
        "image-alt": (' alt="', ' data-alt="'),
        "color-contrast": ("--quiet: #596069", "--quiet: #cccccc"),
        "html-has-lang": ('<html lang="en">', "<html>"),
        "svg-img-alt": (' role="img" aria-label="9', ' role="img" data-label="9'),
        "scrollable-region-focusable": ('tabindex="0"', ""),
        "landmark-unique": ('labelledby="variants"', 'labelledby="faithfulness"'),
        "heading-order": ("<h3>", "<h5>"),
    }
    for find, put in faults.values():
        assert find in html
        html = html.replace(find, put)
    page = shown(html, width=360)
    open_all(page)
    assert set(faults) <= {found.partition(":")[0] for found in axe(page)}


@pytest.mark.parametrize("width", [360, 768, 1280, 3840])
def test_nothing_is_wider_than_the_screen(
    width: int, full_report: Report, shown: Callable[..., Page]
) -> None:
    for report in (full_report, hostile(full_report)):
        page = shown(report, width=width)
        open_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        # and it is no phone's column in the middle of a large screen
        assert page.evaluate("document.querySelector('main').clientWidth") > 0.45 * width


def test_hostile_names_are_text_and_stay_in_their_place(
    full_report: Report, shown: Callable[..., Page]
) -> None:
    page = shown(hostile(full_report))
    assert page.title().endswith(": parity report")
    assert (
        page.evaluate("document.querySelectorAll('script, img:not([src^=\"data:\"])').length") == 0
    )
    assert page.locator("h1").inner_text().startswith("<script>document.title='taken'</script>")
    assert page.get_by_text("and 9,990 more").count() == 1
    # the direction of a name ends with it: no text node outside of <bdi> holds a mark of direction
    outside = page.evaluate(
        """() => {
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          const found = [];
          while (walker.nextNode()) {
            const text = walker.currentNode;
            if (/[\\u202a-\\u202e]/.test(text.data) && !text.parentElement.closest('bdi')) {
              found.push(text.data);
            }
          }
          return found;
        }"""
    )
    assert outside == []
    assert not re.search(r"[\u202a-\u202e]", page.title())
    size = (Path(page.url.removeprefix("file://"))).stat().st_size
    assert size < 2_000_000


def test_the_keyboard_gets_everywhere(full_report: Report, shown: Callable[..., Page]) -> None:
    page = shown(full_report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#faithfulness"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement.tagName + (document.activeElement.className || '')"
            )
        )
    assert {"A", "Aused-0", "DIVscroll", "SUMMARY"} <= {
        r.replace("Areference", "A") for r in reached
    }
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_a_cell_opens_its_checks(full_report: Report, shown: Callable[..., Page]) -> None:
    page = shown(full_report)
    checks = page.locator("#tflite-int8-on-litert table")
    assert not checks.is_visible()
    page.locator("a[href='#tflite-int8-on-litert']").first.press("Enter")
    checks.wait_for(state="visible")
    assert "confidence-drift" in checks.inner_text()
    # every link of the page leads to a place of the page
    dead = page.evaluate(
        """() => [...document.querySelectorAll('a')].map((a) => a.getAttribute('href'))
            .filter((href) => !document.getElementById(href.slice(1)))"""
    )
    assert dead == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_pictures_are_sharp_and_say_what_they_are(
    full_report: Report, shown: Callable[..., Page]
) -> None:
    page = shown(full_report)
    pictures = page.locator(".examples img")
    shown_examples = [e for found in full_report.examples for e in found.examples]
    assert pictures.count() == len(shown_examples)
    first, example = pictures.first, shown_examples[0]
    assert example.label is not None
    label = full_report.bundle.labels[example.label]
    assert first.get_attribute("alt") == f"held-out image {example.index}, {label}"
    facts = first.evaluate(
        "(e) => [e.naturalWidth, e.width, getComputedStyle(e).imageRendering, e.complete]"
    )
    assert facts == [8, 112, "pixelated", True]


def test_pictures_have_a_limit(full_report: Report) -> None:
    """With pictures of 300 KB each the worst of each variant come first, and the page says so."""
    large = bytes(300_000)
    found = tuple(
        dataclasses.replace(
            variant,
            examples=tuple(
                dataclasses.replace(e, picture=(e.picture or b"")[:24] + large)
                for e in variant.examples
            ),
        )
        for variant in full_report.examples
    )
    total = sum(len(variant.examples) for variant in found)
    html = html_report(dataclasses.replace(full_report, examples=found))
    each = len(base64.b64encode(bytes(300_024)))
    fitting = MOST_BYTES // each
    assert html.count("data:image/png") == fitting
    assert f"{total - fitting} of the pictures are left out" in html
    assert len(html) < MOST_BYTES + 500_000


def test_print_shows_what_is_folded(full_report: Report, shown: Callable[..., Page]) -> None:
    page = shown(full_report)
    checks = page.locator("#tflite-int8-on-litert table")
    assert not checks.is_visible()
    page.emulate_media(media="print", color_scheme="dark")
    assert checks.is_visible()
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
