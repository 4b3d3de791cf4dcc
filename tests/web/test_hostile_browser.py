"""The corpus of hostile pictures in a real browser: the device's image, to the byte."""

import base64
from collections.abc import Callable
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file
from tests.edge.corpus.hostile import BACKGROUND, Hostile
from tests.edge.corpus.pictures import hostile_pictures

CONTRACT = InputContract(33, 41, "rgb", background=BACKGROUND)
# formats and colour types that only a browser reads, and segments that libjpeg skips
BROWSER_ONLY = {
    "kinds/rgb-16-transparent.png",
    "jpeg/segment-of-length-0.jpg",
    "jpeg/segment-of-length-1.jpg",
    "other/ico.ico",
    "other/avif.avif",
}
# the very modules that the page's worker runs; null for a picture that is refused
DECODE = """async ({pictures, contract}) => {
    const page = document.querySelector("script[src]").src;
    const {imageFromFile} = await import(new URL("../js/decode.js", page));
    const images = [];
    for (const picture of pictures) {
        try {
            const bytes = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
            const image = await imageFromFile(bytes, contract);
            images.push(btoa(Array.from(image, (v) => String.fromCharCode(v)).join("")));
        } catch (error) {
            if (!error.message.startsWith("expected ")) throw error;
            images.push(null);
        }
    }
    return images;
}"""
_BATCH = 40


def in_the_browser(page: Page, pictures: list[Hostile]) -> list[np.ndarray | None]:
    images: list[np.ndarray | None] = []
    waiting = iter(pictures)
    while batch := [base64.b64encode(h.content).decode() for h in islice(waiting, _BATCH)]:
        answers = page.evaluate(DECODE, {"pictures": batch, "contract": asdict(CONTRACT)})
        images += [a and np.frombuffer(base64.b64decode(a), np.uint8) for a in answers]
    return images


def on_the_device(hostile: Hostile) -> np.ndarray | None:
    try:
        return image_from_file(hostile.content, CONTRACT).ravel()
    except ImageError:
        return None


def test_browser_and_device_agree_on_every_picture_that_is_defined(
    page: Page, serve: Callable[..., str], digits_bundle: Path
) -> None:
    page.goto(serve(digits_bundle) + "verify.html")
    pictures = [h for h in hostile_pictures() if h.browser and h.pixels is not None]
    images = in_the_browser(page, pictures)
    different = {}
    for hostile, got in zip(pictures, images, strict=True):
        want = on_the_device(hostile)
        assert want is not None, hostile.name
        if got is None:
            different[hostile.name] = "refused"
        elif (worst := int(np.abs(got.astype(int) - want.astype(int)).max())) > 0:
            different[hostile.name] = f"{worst} grey levels"
    assert different == {}
    assert len(pictures) >= 280
    # the control: it is no one image that is compared with itself
    assert len({image.tobytes() for image in images if image is not None}) > 50


def test_browser_refuses_what_the_device_refuses(
    page: Page, serve: Callable[..., str], digits_bundle: Path
) -> None:
    page.goto(serve(digits_bundle) + "verify.html")
    pictures = [h for h in hostile_pictures() if h.browser and h.expected == "error"]
    images = in_the_browser(page, pictures)
    shown = {h.name for h, image in zip(pictures, images, strict=True) if image is not None}
    assert shown == BROWSER_ONLY & {h.name for h in pictures}  # Pillow 11.3 writes AVIF
    assert len(pictures) >= 200
