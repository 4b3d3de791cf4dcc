"""The input contract in Python: what it does to a picture, and what it refuses."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from edgeproof.edge.contract import InputContract
from edgeproof.edge.errors import ImageError
from edgeproof.edge.image import batch_from_images, image_from_file, image_from_pixels

RGB = InputContract(height=8, width=8, color="rgb")
GRAY = InputContract(height=8, width=8, color="gray")


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_picture_of_the_models_size_passes_unchanged() -> None:
    pixels = noise(8, 8, 3)
    np.testing.assert_array_equal(image_from_file(encoded(Image.fromarray(pixels)), RGB), pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_orientation_is_applied_in_every_format(kind: str, orientation: int) -> None:
    # four flat quadrants survive lossy encoding; each orientation permutes them differently
    corners = np.array([[0, 80], [160, 240]], dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(np.stack([corners] * 3, -1)), kind, exif=exif)
    upright = {
        1: corners,
        2: corners[:, ::-1],
        3: corners[::-1, ::-1],
        4: corners[::-1],
        5: corners.T,
        6: corners.T[:, ::-1],
        7: corners.T[::-1, ::-1],
        8: corners.T[::-1],
    }[orientation]
    image = image_from_file(content, InputContract(height=32, width=32, color="gray"))
    np.testing.assert_allclose(image[..., 0], upright, atol=6)


def test_alpha_is_flattened_over_the_background() -> None:
    pixels = noise(8, 8, 4)
    contract = InputContract(height=8, width=8, color="rgb", background=(200, 100, 0))
    image = image_from_file(encoded(Image.fromarray(pixels)), contract).astype(float)
    alpha = pixels[..., 3:] / 255
    expected = pixels[..., :3] * alpha + np.array([200, 100, 0]) * (1 - alpha)
    np.testing.assert_allclose(image, expected, atol=0.51)


def test_palette_with_transparency_is_flattened() -> None:
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    content = encoded(picture, transparency=1)
    contract = InputContract(height=8, width=8, color="rgb", background=(9, 8, 7))
    assert (image_from_file(content, contract) == (9, 8, 7)).all()


def test_gray_uses_the_601_luma() -> None:
    pixels = noise(8, 8, 3)
    red, green, blue = pixels.astype(np.int64).transpose(2, 0, 1)
    luma = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16
    image = image_from_file(encoded(Image.fromarray(pixels)), GRAY)
    np.testing.assert_array_equal(image[..., 0], luma)


def test_sixteen_bit_gray_keeps_the_high_byte() -> None:
    wide = (np.arange(64, dtype=np.uint16) * 1000).reshape(8, 8)
    image = image_from_file(encoded(Image.fromarray(wide)), GRAY)
    np.testing.assert_array_equal(image[..., 0], wide >> 8)


def test_resize_is_antialiased() -> None:
    # one-pixel stripes shrink to their mean; a resize without antialias gives stripes again
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), (64, 32))
    image = image_from_file(encoded(Image.fromarray(stripes)), GRAY)
    assert 120 <= image.min() <= image.max() <= 135


@pytest.mark.parametrize("shape", [(40, 300), (300, 40), (64, 64)])
def test_resize_goes_across_first_whatever_the_shape(shape: tuple[int, int]) -> None:
    # each pass rounds to 8 bits, so the order shows; Pillow 13 chooses it by the shape
    picture = Image.fromarray(noise(*shape))
    across = picture.resize((8, shape[0]), Image.Resampling.BILINEAR)
    expected = np.asarray(across.resize((8, 8), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(image_from_file(encoded(picture), GRAY)[..., 0], expected)


def test_fit_crop_keeps_the_centre_and_pad_keeps_everything() -> None:
    wide = np.zeros((8, 24), dtype=np.uint8)
    wide[:, 8:16] = 255
    content = encoded(Image.fromarray(wide))
    crop = InputContract(height=8, width=8, color="gray", fit="crop")
    assert (image_from_file(content, crop) == 255).all()
    pad = InputContract(height=24, width=24, color="gray", fit="pad", background=(7, 7, 7))
    padded = image_from_file(content, pad)[..., 0]
    np.testing.assert_array_equal(padded[8:16], wide)
    assert (padded[:8] == 7).all()
    assert (padded[16:] == 7).all()


def test_batch_rounds_every_step_to_float32() -> None:
    contract = InputContract(
        height=1, width=256, color="rgb", scale=(1 / 255, 1 / 57, 0.1), offset=(-0.4, 0.1, 3.0)
    )
    images = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 1, 256, 3)
    batch = batch_from_images(images, contract)
    assert batch.dtype == np.float32
    exact = images * np.array(contract.scale) + np.array(contract.offset)
    np.testing.assert_allclose(batch, exact, rtol=3e-7, atol=3e-7)


def test_pixels_of_another_size_go_through_the_contract() -> None:
    pixels = noise(20, 30, 3)
    np.testing.assert_array_equal(
        image_from_pixels(pixels, RGB), image_from_file(encoded(Image.fromarray(pixels)), RGB)
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a picture"),
        (b"plain text", "expected a picture"),
        (encoded(Image.fromarray(noise(64, 64, 3)))[:400], "cannot be decoded"),
        (encoded(Image.fromarray(noise(64, 64, 3)), "JPEG")[:700], "cannot be decoded"),
    ],
)
def test_what_is_not_a_whole_picture_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        image_from_file(content, RGB)


def test_decompression_bomb_is_refused_before_it_is_decoded() -> None:
    content = bytearray(encoded(Image.new("1", (8, 8))))
    content[16:24] = (30_000).to_bytes(4, "big") * 2  # width and height in the PNG header,
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")  # and the header's checksum
    with pytest.raises(ImageError, match="expected at most 30,000,000 pixels"):
        image_from_file(bytes(content), RGB)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"height": 0}, "height: expected 1 to 8192"),
        ({"background": (0, 0)}, "background: expected three values"),
        ({"background": (0, 0, 256)}, "background: expected three values"),
        ({"scale": (1.0, 1.0)}, "scale: expected 1 or 3 values, got 2"),
    ],
)
def test_contract_that_makes_no_sense_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InputContract(**{"height": 8, "width": 8, "color": "rgb", **changes})
