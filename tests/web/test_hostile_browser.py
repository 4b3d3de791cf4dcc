"""The corpus of hostile pictures in a real browser: the device's image, to the byte."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Page

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import image_from_file
from tests.edge.corpus.hostile import BACKGROUND, Hostile
from tests.edge.corpus.pictures import hostile_pictures
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
