"""`image.js` against `edge/image.py`, byte by byte, on generated pixels of many sizes."""

import itertools
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import batch_from_images, image_from_picture

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


def expected_image(rgba: np.ndarray, orientation: int, contract: InputContract) -> np.ndarray:
    picture = Image.fromarray(rgba)
    picture.getexif()[0x0112] = orientation
    return image_from_picture(picture, contract)


def test_images_are_identical_to_the_byte(run_modules: RunModules, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    calls: list[dict[str, Any]] = []
    expected: list[np.ndarray] = []
    for index, ((width, height), contract) in enumerate(itertools.product(SIZES, CONTRACTS)):
        for orientation in (1, 2 + index % 7):
            rgba = random_rgba(rng, width, height)
            path = tmp_path / f"{len(calls)}.rgba"
            path.write_bytes(rgba.tobytes())
            expected.append(expected_image(rgba, orientation, contract))
            calls.append(
                {
                    "call": "image",
                    "path": str(path),
                    "out": str(path.with_suffix(".image")),
                    "width": width,
                    "height": height,
                    "contract": asdict(contract),
                    "orientation": orientation,
                }
            )
    assert len(calls) >= 200
    assert [r for r in run_modules(calls) if "error" in r] == []
    for call, image in zip(calls, expected, strict=True):
        got = np.frombuffer(Path(call["out"]).read_bytes(), np.uint8)
        assert got.tobytes() == image.tobytes(), call


def test_one_changed_pixel_is_seen(run_modules: RunModules, tmp_path: Path) -> None:
    # the control of the test above: a comparison that could not fail would pass here too
    contract = InputContract(8, 8, "rgb")
    rgba = random_rgba(np.random.default_rng(1), 8, 8)
    rgba[..., 3] = 255
    image = expected_image(rgba, 1, contract)
    rgba[3, 4, 1] ^= 1
    (tmp_path / "a.rgba").write_bytes(rgba.tobytes())
    call = {"call": "image", "path": str(tmp_path / "a.rgba"), "out": str(tmp_path / "a.image")}
    sizes = {"width": 8, "height": 8, "contract": asdict(contract), "orientation": 1}
    run_modules([{**call, **sizes}])
    got = np.frombuffer((tmp_path / "a.image").read_bytes(), np.uint8)
    assert (got != image.ravel()).sum() == 1


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
