"""Encoded pictures through a real browser's decoder against Pillow's, byte by byte."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import image_from_file
from tests.web.browser_images import images_in_browser, open_modules, worst
from tests.web.fixture_pictures import EXACT, contracts_for, fixture_pictures

Serve = Callable[..., str]

# one of each way to store alpha, and of none
FEW = (
    *(
        "97 x 41",
        "40000",
        "JPEG orientation 6",
        "PNG orientation 5",
        "WebP orientation 7",
        "PNG gray with",
    ),
    *("PNG palette of 16", "PNG palette, tr", "PNG 16-bit alpha", "JPEG CMYK 16", "GIF", "WebP l"),
)


# of black and another ink, (255 - c) (255 - k) / 255 is cut off by Chromium and rounded by Pillow
INKS = "JPEG CMYK with all inks"
MOST_BY_INKS = 1


def differences(
    page: Page, names: list[str], contracts: Callable[[int], list[InputContract]]
) -> tuple[int, dict[str, str | int]]:
    """How many images were compared, and what is not the device's, by picture and contract."""
    pictures = fixture_pictures()
    asked = [(pictures[name], contracts(index)) for index, name in enumerate(names)]
    different: dict[str, str | int] = {}
    compared = 0
    for name, (content, wanted), got in zip(
        names, asked, images_in_browser(page, asked), strict=True
    ):
        if isinstance(got, str):
            different[name] = got
            continue
        for contract, image in zip(wanted, got, strict=True):
            compared += 1
            if levels := worst(image, image_from_file(content, contract)):
                different[f"{name}, {contract.width} x {contract.height}"] = levels
    return compared, different


def test_browser_makes_the_same_image_of_every_file(
    page: Page, serve: Serve, digits_bundle: Path
) -> None:
    open_modules(page, serve, digits_bundle)
    names = list(fixture_pictures())
    compared, different = differences(page, names, contracts_for)
    assert {name: by for name, by in different.items() if not name.startswith(INKS)} == {}
    assert set(different.values()) == {MOST_BY_INKS}
    assert len(names) > 250
    assert compared == 3 * len(names)


@pytest.mark.parametrize(
    "browser",
    [
        # as in Safari before 16.4 and Firefox for Android
        pytest.param("delete self.VideoFrame", id="without-frames"),
        pytest.param("VideoFrame = class { constructor() { throw Error() } }", id="failing-frames"),
        pytest.param(
            "VideoFrame.prototype.copyTo = () => Promise.reject(Error())", id="unreadable-frames"
        ),
        # the control of the probe: believed, such frames would give other bytes
        pytest.param(
            """const copyTo = VideoFrame.prototype.copyTo;
            VideoFrame.prototype.copyTo = async function (pixels, options) {
                await copyTo.call(this, pixels, options);
                for (let i = 0; i < pixels.length; i++) pixels[i] ^= (pixels[i] >>> 24) === 1;
            }""",
            id="premultiplying-frames",
        ),
    ],
)
def test_other_ways_to_the_pixels_give_the_same_bytes(
    page: Page, serve: Serve, digits_bundle: Path, browser: str
) -> None:
    page.add_init_script(browser)
    open_modules(page, serve, digits_bundle)
    names = [name for name in fixture_pictures() if name.startswith(FEW)]
    crop = InputContract(32, 32, "rgb", "crop")
    compared, different = differences(page, names, lambda _: [EXACT, crop])
    assert different == {}
    assert compared == 2 * len(names) > 50


def test_a_changed_pixel_is_seen(page: Page, serve: Serve, digits_bundle: Path) -> None:
    # the control of the comparisons above
    page.add_init_script(
        """const copyTo = VideoFrame.prototype.copyTo;
        VideoFrame.prototype.copyTo = async function (pixels, options) {
            await copyTo.call(this, pixels, options);
            if (this.codedWidth > 4) pixels[9] ^= 64;
        }"""
    )
    open_modules(page, serve, digits_bundle)
    compared, different = differences(page, ["97 x 41 JPEG"], lambda _: [EXACT])
    assert (compared, len(different)) == (1, 1)


def test_what_is_not_a_picture_is_said(page: Page, serve: Serve, digits_bundle: Path) -> None:
    open_modules(page, serve, digits_bundle)
    (said,) = images_in_browser(page, [(b"these bytes are text", [EXACT])])
    assert isinstance(said, str)
    assert said.startswith("expected a picture that this browser can decode")


def test_fixtures_are_not_all_the_same() -> None:
    images = [image_from_file(content, EXACT) for content in fixture_pictures().values()]
    assert len({image.tobytes() for image in images}) > 150
    assert np.ptp([image.mean() for image in images]) > 100
