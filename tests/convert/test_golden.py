"""Golden inputs and files: where they come from, and that they can tell models apart."""

import io
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image, ImageOps

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import trace
from edgeproof.convert.golden import golden_inputs, heldout_from_run
from edgeproof.convert.golden_files import encoded_pictures
from edgeproof.convert.keras_outputs import keras_outputs, layer_by_layer
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.contract import InputContract
from edgeproof.edge.image import batch_from_images, image_from_file

CONTRACT = InputContract(12, 10, "rgb")


def test_golden_outputs_tell_images_apart(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    outputs = bundle.array(bundle.manifest.golden.outputs[0])

    assert bundle.manifest.golden.source == "test set"
    assert outputs.dtype == np.float32
    # a comparison of constants would prove nothing
    assert (outputs.max(axis=0) - outputs.min(axis=0)).max() > 0.5
    assert len(np.unique(outputs.argmax(axis=1))) > 1


def test_golden_outputs_are_keras_outputs(tiny_bundle: Path, tiny_model: keras.Model) -> None:
    bundle = Bundle.open(tiny_bundle)
    golden = bundle.manifest.golden
    batch = batch_from_images(bundle.array(golden.inputs[0]), CONTRACT)

    np.testing.assert_allclose(
        bundle.array(golden.outputs[0]), tiny_model.predict(batch, verbose=0), atol=1e-6
    )


def test_golden_files_are_what_the_contract_makes_of_them(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    golden = bundle.manifest.golden
    assert golden.file_images is not None
    assert golden.file_outputs is not None
    images = bundle.array(golden.file_images)

    assert len(golden.files) == len(images) == len(bundle.array(golden.file_outputs)) == 11
    for golden_file, image in zip(golden.files, images, strict=True):
        np.testing.assert_array_equal(
            image_from_file(bundle.read(golden_file.file), CONTRACT), image
        )


@pytest.mark.parametrize("stem", ["exif8.png", "exif3.webp"])
def test_oriented_files_are_upright_again(stem: str) -> None:
    picture = Image.fromarray(
        np.arange(80 * 64 * 3, dtype=np.uint32).reshape(80, 64, 3).astype("B")
    )
    encoded = next(e for e in encoded_pictures([picture]) if e.name.endswith(stem))

    stored = Image.open(io.BytesIO(encoded.content))
    upright = ImageOps.exif_transpose(stored)

    assert stored.getexif()[0x0112] == int(stem[4])
    assert upright.size == (80, 80)
    if stem.endswith("png"):
        np.testing.assert_array_equal(np.asarray(upright), np.asarray(picture.resize((80, 80))))


def test_encodings_are_what_their_names_say() -> None:
    encoded = encoded_pictures([Image.new("L", (8, 8), 100)])
    opened = {e.name[3:]: Image.open(io.BytesIO(e.content)) for e in encoded}

    assert opened["gray.png"].mode == "L"
    assert opened["rgb.png"].size == (8, 8)
    assert opened["alpha.png"].mode == "RGBA"
    assert opened["palette.png"].mode == "P"
    assert opened["420.jpg"].layer[0][1:3] == (2, 2)  # type: ignore[attr-defined]
    assert opened["odd.png"].size == (211, 53)
    # tinted: with equal channels a wrong luma formula would not show
    red, green, blue = opened["rgb.png"].getpixel((0, 0))  # type: ignore[misc]
    assert len({red, green, blue}) == 3


def test_synthetic_inputs_vary_and_follow_the_seed(tiny_model: keras.Model) -> None:
    def synthetic(seed: int) -> np.ndarray:
        golden = golden_inputs(
            tiny_model, CONTRACT, heldout=None, calibration=None, count=6, seed=seed
        )
        assert golden.source == "synthetic"
        return golden.stored[0]

    images = synthetic(1)
    assert images.dtype == np.uint8
    assert images.std(axis=(1, 2)).min() > 5
    assert np.array_equal(images, synthetic(1))
    assert not np.array_equal(images, synthetic(2))
    outputs = layer_by_layer(tiny_model, (batch_from_images(images, CONTRACT),))[0]
    assert outputs.std(axis=0).max() > 0.01


def test_heldout_is_the_runs_test_set(tiny_bundle: Path, tiny_run: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    held = bundle.manifest.heldout
    assert held is not None
    with np.load(tiny_run / "test.npz") as archive:
        np.testing.assert_array_equal(bundle.array(held.images), archive["images"])
        np.testing.assert_array_equal(bundle.array(held.labels), archive["labels"])
    assert (held.source, held.total) == ("tiny test set", 600)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"labels": np.full(4, 9)}, "expected labels 0 to 4"),
        ({"labels": np.zeros(3, int)}, "with one label each"),
        ({"images": np.zeros((4, 3, 3, 3), np.uint8)}, "expected uint8 images"),
        ({"images": np.zeros((4, 12, 10, 3), np.float32)}, "expected uint8 images"),
        ({"total": np.array([])}, "expected images, labels and total"),
    ],
)
def test_bad_test_set(tmp_path: Path, changed: dict[str, np.ndarray], message: str) -> None:
    good = {"images": np.zeros((4, 12, 10, 3), np.uint8), "labels": np.zeros(4, int), "total": 4}
    np.savez(tmp_path / "test.npz", **{**good, **changed})
    with pytest.raises(ConvertError, match=message):
        heldout_from_run(tmp_path, CONTRACT, 5)


def test_a_model_that_answers_at_random_is_refused() -> None:
    class Noise(keras.layers.Layer):
        def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
            return x + keras.random.normal(keras.ops.shape(x), seed=None)

    model = keras.Sequential([keras.Input((3,)), Noise()])
    with pytest.raises(ConvertError, match="run layer by layer and as a graph"):
        keras_outputs(model, trace(model), [np.ones((2, 3), np.float32)])


def test_the_traced_model_answers_as_the_layers_do(tiny_model: keras.Model) -> None:
    batch = np.random.default_rng(0).uniform(0, 255, (7, 12, 10, 3)).astype(np.float32)

    outputs = keras_outputs(tiny_model, trace(tiny_model), [batch])

    np.testing.assert_allclose(outputs[0], layer_by_layer(tiny_model, [batch])[0], atol=1e-6)
