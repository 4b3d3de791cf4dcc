"""The page for everybody: axe in every state, the keyboard alone, little motion, no shifts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.visitor import axe, golden_labels, proved

Serve = Callable[..., str]
SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => shifts.push(...list.getEntries().map((e) => e.value)))
    .observe({ type: "layout-shift", buffered: true });
"""
FOCUSED = """() => {
  const e = document.activeElement;
  const box = e.getBoundingClientRect();
  const style = getComputedStyle(e.matches("#file") ? e.parentElement : e);
  return {
    id: e.id || e.closest("[id]")?.id || e.tagName,
    outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    name: e.getAttribute("aria-label") || (e.labels?.[0] ?? e).textContent.trim(),
  };
}"""


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(width: int, height: int = 800, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def draw(page: Page) -> None:
    page.click("#tab-draw")
    box = page.locator("#pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.8, steps=4)
    page.mouse.up()
    expect(page.locator("#history-list")).to_contain_text("Drawing")


@pytest.mark.parametrize(
    ("width", "options"),
    [
        (1280, {"color_scheme": "light"}),
        (360, {"color_scheme": "dark"}),
        (1280, {"color_scheme": "dark"}),
        (360, {"color_scheme": "light", "forced_colors": "active"}),
    ],
)
def test_axe_finds_nothing_in_any_state(
    opened: Callable[..., Page],
    serve: Serve,
    digits_bundle: Path,
    tmp_path: Path,
    width: int,
    options: dict[str, Any],
) -> None:
    page = opened(width, **options)
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        # colours that are on their way from one to another are neither
        page.evaluate("Promise.all(document.getAnimations().map((a) => a.finished))")
        found[state] = axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width, state

    page.emulate_media(reduced_motion="reduce")
    proved(page, serve(digits_bundle))
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    look("answer")
    page.click("#why")
    expect(page.locator("#why-map")).to_be_visible()
    look("explained")
    (tmp_path / "words.png").write_text("these are words")
    page.set_input_files("#file", [tmp_path / "words.png", *list(golden_labels(digits_bundle))[:3]])
    expect(page.locator("#several-stop")).to_be_hidden()
    look("grid")
    page.set_input_files("#file", tmp_path / "words.png")
    expect(page.locator("#error")).to_be_visible()
    look("error")
    draw(page)
    look("pad")
    page.click("#pad-clear")
    expect(page.locator("#empty")).to_be_visible()
    look("empty")
    page.click("#tab-camera")
    expect(page.locator("#camera-message")).to_contain_text("hoose")
    look("camera")
    assert [state for state, faults in found.items() if faults] == [], found
    assert len(found) == 7


def test_axe_finds_what_is_broken(
    opened: Callable[..., Page], serve: Serve, digits_bundle: Path
) -> None:
    """The control: the same page with faults that it could have."""
    page = opened(1280)
    proved(page, serve(digits_bundle))
    page.evaluate("""() => {
      document.documentElement.removeAttribute("lang");
      document.querySelector("#engine").parentElement.replaceWith(document.querySelector("#engine"));
      document.querySelector("#preview").removeAttribute("alt");
      document.querySelector("#subtitle").style.color = "#bbb";
      document.querySelector("#tab-file").setAttribute("aria-controls", "nowhere");
      document.querySelector("#examples-list button").removeAttribute("aria-label");
      document.querySelector("#examples-list button").removeAttribute("title");
    }""")
    kinds = {violation.split(":")[0] for violation in axe(page)}
    assert kinds >= {
        "html-has-lang",
        "select-name",
        "image-alt",
        "color-contrast",
        "button-name",
        "aria-valid-attr-value",
    }


def test_keyboard_reaches_everything_and_shows_where_it_is(
    opened: Callable[..., Page], serve: Serve, digits_bundle: Path
) -> None:
    page = opened(1280)
    proved(page, serve(digits_bundle))
    page.set_input_files("#file", list(golden_labels(digits_bundle))[:2])
    expect(page.locator("#several-stop")).to_be_hidden()
    page.focus(".brand")
    walked = []
    for _ in range(60):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here["id"] == "BODY":
            break
        assert here["outline"], here
        assert here["name"], here
        walked.append(here["id"])
    order = ["tab-file", "file", "why", "variant", "engine", "several-csv", "several-list"]
    assert [step for step in dict.fromkeys(walked) if step in order] == order
    # by keyboard alone: an example, why, and another engine's answer
    page.focus("#examples-list button >> nth=2")
    page.keyboard.press("Enter")
    expect(page.locator("#examples-list button >> nth=2")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#history-list li")).to_have_count(1)
    page.focus("#why")
    page.keyboard.press("Space")
    expect(page.locator("#why-map")).to_be_visible()
    page.focus("#several-list button >> nth=1")
    page.keyboard.press("Enter")
    expect(page.locator("#history-list li")).to_have_count(2)


@pytest.mark.parametrize("width", [360, 1280, 3840])
def test_nothing_moves_until_the_first_answer(
    opened: Callable[..., Page], serve: Serve, digits_bundle: Path, width: int
) -> None:
    page = opened(width)
    page.add_init_script(SHIFTS)
    proved(page, serve(digits_bundle))
    page.wait_for_timeout(300)
    assert sum(page.evaluate("shifts")) < 0.02
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # the control: it is seen when something moves
    page.evaluate("document.querySelector('.intro').style.marginTop = '200px'")
    for _ in range(50):
        if sum(page.evaluate("shifts")) > 0.02:
            return
        page.wait_for_timeout(100)  # until it was painted
    pytest.fail("a shift of 200 pixels was not seen")


def test_little_motion_where_it_is_asked_for(
    opened: Callable[..., Page], serve: Serve, digits_bundle: Path
) -> None:
    page = opened(1280, reduced_motion="reduce")
    page.add_init_script("""
      window.moved = 0;
      for (const kind of ["animationstart", "transitionrun"]) {
        document.addEventListener(kind, () => moved++, true);
      }
    """)
    proved(page, serve(digits_bundle))
    page.hover("#drop")
    page.click("#examples-list button >> nth=3")
    expect(page.locator("#history-list li")).to_have_count(1)
    assert page.evaluate("moved") == 0


def test_a_4k_screen_is_filled_with_larger_type(
    opened: Callable[..., Page], serve: Serve, digits_bundle: Path
) -> None:
    page = opened(3840, 2160)
    proved(page, serve(digits_bundle))
    box = page.locator("main").bounding_box()
    assert box is not None
    assert box["width"] > 2000
    bars = page.locator("#bars .label >> nth=0").bounding_box()
    assert bars is not None
    assert bars["height"] > 40
    # what is drawn is where the pointer is, in a page that is enlarged too
    draw(page)
    middle = page.evaluate("""() => {
      const pad = document.querySelector("#pad");
      return pad.getContext("2d").getImageData(pad.width / 2, pad.height / 2, 1, 1).data[0];
    }""")
    assert middle == 255
