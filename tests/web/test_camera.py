"""The camera in the page: a still, the live mode, and every reason why there is no camera."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from edgeproof.convert.verify.browser import chromium_flags, find_chromium
from edgeproof.edge.bundle import Bundle
from tests.web.visitor import proved

Serve = Callable[..., str]

# what the main thread does with pixels, and how many frames the worker has at once
WATCH = """() => {
  window.watched = { reads: 0, frames: 0, atOnce: 0, most: 0, told: [], mirrored: null };
  const read = CanvasRenderingContext2D.prototype.getImageData;
  CanvasRenderingContext2D.prototype.getImageData = function (...box) {
    watched.reads++;
    return read.apply(this, box);
  };
  const waiting = new Set();
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (!this.watched) {
      this.watched = true;
      this.addEventListener("message", ({ data }) => waiting.delete(data.id));
    }
    if (message.args?.frame) {
      waiting.add(message.id);
      watched.frames++;
      watched.most = Math.max(watched.most, waiting.size);
    }
    return post.call(this, message, ...rest);
  };
  const announcement = document.querySelector("#announcement");
  new MutationObserver(() => watched.told.push(announcement.textContent))
    .observe(announcement, { childList: true });
}"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture(scope="module")
def with_camera(chromium: Browser) -> Iterator[Browser]:
    """A Chromium with its own test camera; it must be asked for when the browser starts."""
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = chromium.browser_type.launch(
        executable_path=find_chromium(), args=[*chromium_flags(), *flags]
    )
    yield browser
    browser.close()


@pytest.fixture
def context(with_camera: Browser) -> Iterator[BrowserContext]:
    opened = with_camera.new_context()
    yield opened
    opened.close()


def camera_open(page: Page, address: str) -> None:
    proved(page, address)
    page.click("#tab-camera")
    expect(page.locator("#camera-take")).to_be_enabled()


def test_picture_of_the_camera_is_classified(
    context: BrowserContext, serve: Serve, digits_bundle: Path
) -> None:
    page = context.new_page()
    camera_open(page, serve(digits_bundle))
    page.click("#camera-take")
    expect(page.locator("#history-list")).to_contain_text("Camera")
    labels = Bundle.open(digits_bundle).manifest.labels
    assert page.locator("#winner-label").inner_text() in labels
    # a test camera does not say that it looks away from the visitor
    expect(page.locator("#video")).to_have_attribute("data-mirrored", "")
    expect(page.locator("#camera-note")).to_contain_text("the model gets the picture unmirrored")
    # away from the camera it is switched off
    page.locator("#tab-camera").press("ArrowLeft")
    expect(page.locator("#camera-take")).to_be_disabled()
    assert page.evaluate("document.querySelector('#video').srcObject") is None


def test_model_gets_the_camera_unmirrored(
    context: BrowserContext, serve: Serve, digits_bundle: Path
) -> None:
    page = context.new_page()
    # a camera that is white on the left and black on the right
    page.add_init_script("""navigator.mediaDevices.getUserMedia = async () => {
      const canvas = document.createElement("canvas");
      canvas.width = 320; canvas.height = 240;
      const draw = () => {
        const context = canvas.getContext("2d");
        context.fillRect(0, 0, 320, 240);
        context.save();
        context.fillStyle = "white";
        context.fillRect(0, 0, 160, 240);
        context.restore();
        requestAnimationFrame(draw);
      };
      draw();
      return canvas.captureStream();
    }""")
    camera_open(page, serve(digits_bundle))
    sides = """() => {
      const seen = document.querySelector("#seen");
      const { data } = seen.getContext("2d").getImageData(0, 0, seen.width, seen.height);
      return [data[0], data[(seen.width - 1) * 4]];
    }"""
    page.click("#camera-take")
    expect(page.locator("#history-list")).to_contain_text("Camera")
    left, right = page.evaluate(sides)
    assert left > 240
    assert right < 15
    page.click("#camera-live")
    expect(page.locator("#camera-rate")).to_contain_text("frames/s", timeout=20_000)
    left, right = page.evaluate(sides)
    assert left > 240
    assert right < 15


def test_live_mode_drops_frames_and_leaves_the_main_thread_alone(
    context: BrowserContext, serve: Serve, digits_bundle: Path
) -> None:
    page = context.new_page()
    camera_open(page, serve(digits_bundle))
    page.evaluate(WATCH)
    page.click("#camera-live")
    expect(page.locator("#camera-live")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#camera-rate")).to_contain_text("frames/s", timeout=20_000)
    expect(page.locator("#why")).to_be_disabled()
    page.wait_for_timeout(1500)
    live = page.evaluate("watched")
    assert live["frames"] >= 3
    assert live["most"] == 1
    assert live["reads"] == 0
    # nothing is said of every frame
    assert len(live["told"]) <= 2 < live["frames"]
    # hidden: no frame is taken
    page.evaluate(HIDE, True)
    expect(page.locator("#camera-rate")).to_have_text("paused")
    page.wait_for_timeout(300)
    before = page.evaluate("watched.frames")
    page.wait_for_timeout(700)
    assert page.evaluate("watched.frames") == before
    page.evaluate(HIDE, False)
    expect(page.locator("#camera-rate")).to_contain_text("frames/s", timeout=20_000)
    # another engine takes over while the camera runs
    page.select_option("#engine", "tfjs-cpu")
    expect(page.locator("#load-note")).to_contain_text("loaded in", timeout=60_000)
    before = page.evaluate("watched.frames")
    page.wait_for_timeout(1500)
    assert page.evaluate("watched.frames") > before
    expect(page.locator("#panel-camera")).to_be_visible()
    page.click("#camera-live")
    expect(page.locator("#camera-rate")).to_be_hidden()
    page.wait_for_timeout(300)
    before = page.evaluate("watched.frames")
    page.wait_for_timeout(500)
    assert page.evaluate("watched.frames") == before


def test_camera_that_is_unplugged_is_said(
    context: BrowserContext, serve: Serve, digits_bundle: Path
) -> None:
    page = context.new_page()
    camera_open(page, serve(digits_bundle))
    page.click("#camera-live")
    # a browser tells of it so
    page.evaluate("""() => {
      const [track] = document.querySelector("#video").srcObject.getVideoTracks();
      track.dispatchEvent(new Event("ended"));
    }""")
    expect(page.locator("#camera-message")).to_contain_text("The camera was disconnected")
    expect(page.locator("#camera-take")).to_be_disabled()
    expect(page.locator("#camera-live")).to_have_attribute("aria-pressed", "false")
    page.click("#tab-camera")
    expect(page.locator("#camera-take")).to_be_enabled()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("NotAllowedError", "The camera is not allowed here. Allow it in the browser's settings"),
        ("NotReadableError", "The camera is used by another program. Close that"),
        ("NotFoundError", "No camera was found on this device. Choose a picture instead."),
        ("SecurityError", "The camera does not work here: no. Choose a picture instead."),
    ],
)
def test_why_there_is_no_camera_is_said(
    page: Page, serve: Serve, digits_bundle: Path, fault: str, said: str
) -> None:
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => "
        f"Promise.reject(new DOMException('no', {json.dumps(fault)}))"
    )
    proved(page, serve(digits_bundle))
    page.click("#tab-camera")
    expect(page.locator("#camera-message")).to_contain_text(said)
    expect(page.locator("#camera-take")).to_be_disabled()
    expect(page.locator("#camera-live")).to_be_disabled()
    # the answer that was there stays, and so do the other ways
    expect(page.locator("#answer")).to_be_visible()


def test_camera_that_the_browser_refuses_is_said(
    page: Page, serve: Serve, digits_bundle: Path
) -> None:
    """No camera at all, and no visitor who could allow one: Chromium's own refusal."""
    proved(page, serve(digits_bundle))
    page.click("#tab-camera")
    expect(page.locator("#camera-message")).to_contain_text("hoose")
    expect(page.locator("#camera-take")).to_be_disabled()
