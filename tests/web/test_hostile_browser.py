"""The corpus of hostile pictures in a real browser: the device's image, to the byte."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file
from tests.edge.corpus.hostile import BACKGROUND, Hostile, encoded, refused
from tests.edge.corpus.pictures import hostile_pictures
from tests.edge.corpus.writing import bmp
from tests.web.browser_images import images_in_browser, open_modules, worst

CONTRACT = InputContract(33, 41, "rgb", background=BACKGROUND)

# What browser and device do not agree on, by category; docs/pictures.md says why.
# Formats and pixels that only a browser reads
BROWSER_ONLY = {"kinds/rgb-16-transparent.png", "other/ico.ico", "other/avif.avif"}
# a progressive JPEG that ends after its first scans: libjpeg's versions smooth what is coarse
SMOOTHED = {f"jpeg/progressive-{scans}-scans.jpg": 8 for scans in (1, 2, 5)}
# Damaged or out of the specification, where the corpus leaves it to the decoder ("either")
DAMAGED = {
    *("checksum/pixels.png", "checksum/adler.png", "checksum/half-the-pixels.png"),
    *("kinds/palette-missing.png", "kinds/palette-of-one.png", "kinds/without-palette.gif"),
    *("kinds/code-size-0.gif", "kinds/compression-2.bmp", "kinds/2-bits.bmp", "kinds/16-bits.bmp"),
    *("kinds/masks-255-255.bmp", "kinds/masks-0-0.bmp", "kinds/masks-1-2.bmp"),
}
# Whole pictures that only one side reads: the limits of each are its own
DEVICE_READS = {"bombs/100-scans.jpg"}
BROWSER_READS = {
    *("bombs/60,000-empty-pixel-chunks.png", "bombs/run-length-lines.bmp"),
    *("sizes/10-megapixels.webp", "sizes/12-megapixels-progressive.jpg"),
}


class Outcome(NamedTuple):
    """What became of a picture: two images, or None and a sentence on either side."""

    picture: Hostile
    browser: np.ndarray | None
    device: np.ndarray | None
    says: str

    @property
    def agreed(self) -> bool:
        if self.browser is None or self.device is None:
            return self.browser is self.device
        return bool((self.browser == self.device).all())


def outcomes(page: Page) -> list[Outcome]:
    """Of every picture that can be given to a browser; TIFF is none."""
    pictures = [h for h in hostile_pictures() if h.browser and not h.name.endswith(".tif")]
    found = images_in_browser(page, [(h.content, [CONTRACT]) for h in pictures])
    return [
        Outcome(h, None, on_the_device(h), answer)
        if isinstance(answer, str)
        else Outcome(h, answer[0], on_the_device(h), "")
        for h, answer in zip(pictures, found, strict=True)
    ]


def on_the_device(hostile: Hostile) -> np.ndarray | None:
    try:
        return image_from_file(hostile.content, CONTRACT)
    except ImageError:
        return None


def test_browser_and_device_agree(
    page: Page, serve: Callable[..., str], digits_bundle: Path
) -> None:
    open_modules(page, serve, digits_bundle)
    found = outcomes(page)
    apart = {o.picture.name: o for o in found if not o.agreed}

    # what is well-formed: the same bytes, but for those that are listed
    whole = {name: o for name, o in apart.items() if o.picture.expected == "label"}
    smoothed = {
        name: worst(o.browser, o.device)
        for name, o in whole.items()
        if o.browser is not None and o.device is not None
    }
    assert set(whole) == set(smoothed)
    assert {n: by for n, by in smoothed.items() if by > SMOOTHED.get(n, 0)} == {}
    # what the device refuses
    shown = {name for name, o in apart.items() if o.picture.expected == "error"}
    assert shown == BROWSER_ONLY & {o.picture.name for o in found}  # Pillow 11.3 writes AVIF
    # what no decoder has to read, nor refuse
    assert {n for n, o in apart.items() if o.picture.expected == "either"} <= DAMAGED

    # a refusal is one sentence, in the device's words
    said = {o.says for o in found if o.browser is None}
    assert all(text.startswith(("expected ", "cannot be decoded: ")) for text in said)
    assert all(text.isprintable() for text in said)
    # the control: it is no one image that is compared with itself
    assert len({o.browser.tobytes() for o in found if o.browser is not None}) > 80
    assert sum(o.browser is not None and o.device is not None for o in found) > 340
    assert sum(o.browser is None and o.device is None for o in found) > 240


def beyond_a_limit() -> list[Hostile]:
    """A picture or two for each limit that browser and device do not share."""
    bombs = [h for h in hostile_pictures() if h.name in DEVICE_READS | BROWSER_READS]
    lines = bmp(5_000, 1_000, 8, bytes(300_000), compression=1, palette=bytes(1024))
    webp = partial(encoded, Image.new("RGB", (4_000, 2_500)), "WEBP", lossless=True, method=0)
    photo = Image.new("RGB", (4_000, 3_000), (200, 40, 90))
    jpeg = partial(encoded, photo, "JPEG", progressive=True, subsampling=0)
    return [
        *bombs,
        refused("bombs/run-length-lines.bmp", lines, "in 100,000 pieces"),
        refused("sizes/10-megapixels.webp", webp, "decoded in 120 MB"),
        refused("sizes/12-megapixels-progressive.jpg", jpeg, "decoded in 120 MB"),
    ]


def test_each_side_has_limits_of_its_own(
    page: Page, serve: Callable[..., str], digits_bundle: Path
) -> None:
    open_modules(page, serve, digits_bundle)
    pictures = beyond_a_limit()
    found = images_in_browser(page, [(h.content, [CONTRACT]) for h in pictures])
    for picture, answer in zip(pictures, found, strict=True):
        if picture.name in DEVICE_READS:
            assert on_the_device(picture) is not None
            assert str(answer).startswith("expected a picture that this browser can decode")
        else:
            with pytest.raises(ImageError, match=picture.says):
                image_from_file(picture.content, CONTRACT)
            assert not isinstance(answer, str), f"{picture.name}: {answer}"
    assert {h.name for h in pictures} == DEVICE_READS | BROWSER_READS
