"""`image.js` against `edge/image.py`, byte by byte, on generated pixels of many sizes."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import batch_from_images, image_from_file, image_from_picture
from edgeproof.edge.pictures.decode import decoded
from tests.web.fixture_pictures import contracts_for, fixture_pictures

RunModules = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

SIZES = [
    *[(1, 1), (1, 7), (7, 1), (2, 3), (8, 8), (28, 28), (31, 17), (32, 32), (64, 48), (97, 41)],
    *[(100, 100), (133, 200), (224, 224), (255, 256), (640, 3), (3, 640), (1, 4000), (4000, 2)],
]
CONTRACTS = [
    InputContract(8, 8, "gray"),
    InputContract(28, 28, "gray", "pad", (10, 200, 30)),
    InputContract(32, 32, "rgb", "crop"),
    InputContract(33, 61, "rgb", "pad", (124, 116, 104)),
    InputContract(224, 160, "rgb", "stretch", (255, 255, 255)),
    InputContract(1, 1, "gray", "crop"),
]


def random_rgba(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Noise, with alpha that is opaque, absent or anything."""
    rgba = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
    kind = rng.integers(0, 3)
    if kind == 0:
        rgba[..., 3] = 255
    elif kind == 1:
        rgba[..., 3] = rng.choice(np.array([0, 255], np.uint8), (height, width))
    return rgba


class Stored(NamedTuple):
    """A decoded picture as its file stores it, and what it is made to."""

    rgba: np.ndarray
    orientation: int
    contracts: Sequence[InputContract]


def expected_image(rgba: np.ndarray, orientation: int, contract: InputContract) -> np.ndarray:
    picture = Image.fromarray(rgba)
    picture.getexif()[0x0112] = orientation
    return image_from_picture(picture, contract)


def images_in_node(
    run_modules: RunModules, folder: Path, pictures: Sequence[Stored]
) -> Iterator[list[np.ndarray]]:
    """The images of each picture, by the page's modules."""
    (folder / "rgba").write_bytes(b"".join(stored.rgba.tobytes() for stored in pictures))
    asked = [
        {
            "width": stored.rgba.shape[1],
            "height": stored.rgba.shape[0],
            "orientation": stored.orientation,
            "contracts": [asdict(contract) for contract in stored.contracts],
        }
        for stored in pictures
    ]
    paths = {"path": str(folder / "rgba"), "out": str(folder / "images")}
    (answer,) = run_modules([{"call": "images", **paths, "pictures": asked}])
    assert answer == {"result": None}
    images = np.fromfile(folder / "images", np.uint8)
    at = 0
    for stored in pictures:
        made = []
        for contract in stored.contracts:
            size = int(np.prod(contract.image_shape))
            made.append(images[at : at + size].reshape(contract.image_shape))
            at += size
        yield made
    assert at == images.size


def test_images_are_identical_to_the_byte(run_modules: RunModules, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    pictures = [
        Stored(random_rgba(rng, width, height), orientation, [contract])
        for index, ((width, height), contract) in enumerate(itertools.product(SIZES, CONTRACTS))
        for orientation in (1, 2 + index % 7)
    ]
    assert len(pictures) >= 200
    found = images_in_node(run_modules, tmp_path, pictures)
    for (rgba, orientation, (contract,)), (image,) in zip(pictures, found, strict=True):
        expected = expected_image(rgba, orientation, contract)
        assert image.tobytes() == expected.tobytes(), (rgba.shape, orientation, contract)


def test_images_of_the_fixtures_are_identical_to_the_byte(
    run_modules: RunModules, tmp_path: Path
) -> None:
    # decoded by Pillow here and by a browser in test_image_browser.py
    names, contents = zip(*fixture_pictures().items(), strict=True)
    pictures = [
        Stored(*stored_rgba(content), contracts_for(index))
        for index, content in enumerate(contents)
    ]
    different = []
    found = images_in_node(run_modules, tmp_path, pictures)
    for name, content, stored, images in zip(names, contents, pictures, found, strict=True):
        for contract, image in zip(stored.contracts, images, strict=True):
            if image.tobytes() != image_from_file(content, contract).tobytes():
                different.append((name, contract))
    assert different == []
    assert len(pictures) > 250


def stored_rgba(content: bytes) -> tuple[np.ndarray, int]:
    """What a browser's decoder gives: RGBA of 8 bits, not turned."""
    with ExitStack() as turn:
        found = decoded(content, 1, turn)
        picture, orientation = found.picture, found.orientation
        if picture.mode.startswith("I"):
            picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
        return np.asarray(picture.convert("RGBA")), orientation


def test_one_changed_pixel_is_seen(run_modules: RunModules, tmp_path: Path) -> None:
    # the control of the tests above: a comparison that could not fail would pass here too
    contract = InputContract(8, 8, "rgb")
    rgba = random_rgba(np.random.default_rng(1), 8, 8)
    rgba[..., 3] = 255
    image = expected_image(rgba, 1, contract)
    rgba[3, 4, 1] ^= 1
    ((got,),) = images_in_node(run_modules, tmp_path, [Stored(rgba, 1, [contract])])
    assert (got != image).sum() == 1


@pytest.mark.parametrize(
    ("color", "scale", "offset"),
    [
        ("gray", (1.0,), (0.0,)),
        ("rgb", (1 / 127.5,), (-1.0,)),
        ("rgb", (0.0171247538, 0.0175070028, 0.0174291939), (-2.1179, -2.0357, -1.8044)),
    ],
)
def test_batches_are_identical_to_the_bit(
    run_modules: RunModules,
    tmp_path: Path,
    color: Any,
    scale: tuple[float, ...],
    offset: tuple[float, ...],
) -> None:
    contract = InputContract(16, 16, color, scale=scale, offset=offset)
    images = np.arange(2 * 16 * 16 * contract.channels, dtype=np.int64).astype(np.uint8)
    (tmp_path / "images").write_bytes(images.tobytes())
    out = tmp_path / "batch"
    call = {"call": "batch", "path": str(tmp_path / "images"), "out": str(out)}
    run_modules([{**call, "contract": asdict(contract)}])
    expected = batch_from_images(images.reshape(2, *contract.image_shape), contract)
    assert out.read_bytes() == expected.astype("<f4").tobytes()
