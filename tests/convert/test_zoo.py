"""One Keras Applications model per family: every variant is made and the float ones are faithful.

Slow, so `make test` leaves it out; `make test-zoo` runs it and writes the table. The weights are
random, the batch-norm statistics and biases such that no pass can drop them unnoticed. Sizes are
the smallest that an architecture takes without a head of its own, to save minutes.
"""

from __future__ import annotations

import gc
import importlib.metadata
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgeproof.convert.api import convert_model
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.variants import VARIANTS
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.image import batch_from_images
from edgeproof.edge.manifest import Variant
from edgeproof.edge.runtime import TfliteModel

from .tfjs.conftest import web_folder
from .tfjs.engines import run_in_node, worst_error

__all__ = ["web_folder"]

pytestmark = pytest.mark.zoo
# float arithmetic in another order through up to 400 layers, relative to the largest output
TOLERANCE = 1e-4
# name: side of the square input
FAMILIES = {
    "MobileNet": 96,
    "MobileNetV2": 96,
    "MobileNetV3Small": 96,
    "EfficientNetB0": 96,
    "EfficientNetV2B0": 96,
    "ResNet50": 64,
    "ResNet50V2": 64,
    "DenseNet121": 64,
    "InceptionV3": 96,
    "Xception": 96,
    "VGG16": 64,
    "NASNetMobile": 96,
    "ConvNeXtTiny": 64,
    "RegNetX002": 64,
}
# families that Keras 3 dropped come from tf-keras, in its file format
KERAS_2 = frozenset({"RegNetX002"})
_TABLE = Path("build/zoo.md")
_INTRODUCTION = """# Architectures

One Keras Applications model of every family, converted by `make test-zoo` (TensorFlow {tensorflow},
Keras {keras}, LiteRT {ai-edge-litert}, TensorFlow.js 4.22.0). Weights are random, with batch-norm
statistics and biases that no pass can drop unnoticed. Errors are the largest difference from Keras,
relative to the largest output: LiteRT over 4 pictures, TensorFlow.js (graph model, and layers model
where it has all layers) over one. "9 of 9": five TensorFlow Lite files, three graph models and one
layers model.

"""
_HEAD = (
    "| model | input | parameters | variants | litert | tfjs cpu | tfjs wasm | layers cpu |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
)


@pytest.fixture(scope="module")
def table() -> Iterator[list[str]]:
    """Rows of the table, written when the last model is done."""
    rows: list[str] = []
    yield rows
    _TABLE.parent.mkdir(parents=True, exist_ok=True)
    packages = ("tensorflow", "keras", "ai-edge-litert")
    introduction = _INTRODUCTION.format(**{p: importlib.metadata.version(p) for p in packages})
    _TABLE.write_text(introduction + _HEAD + "".join(rows))


def _saved_model(name: str, side: int, folder: Path) -> tuple[Path, int]:
    """The file of a model with random weights, and the number of its parameters."""
    import tf_keras

    keras.utils.set_random_seed(1)
    package: Any = tf_keras if name in KERAS_2 else keras
    build = getattr(package.applications, name)
    model = build(weights=None, input_shape=(side, side, 3), classes=10)
    generator = np.random.default_rng(1)
    for weight in model.weights:
        kind = getattr(weight, "path", weight.name).rpartition("/")[2].removesuffix(":0")
        if kind in ("gamma", "moving_variance", "variance"):
            weight.assign(generator.uniform(0.7, 1.3, weight.shape))
        elif kind in ("beta", "bias", "moving_mean", "mean"):
            weight.assign(generator.normal(0, 0.1, weight.shape))
    file = folder / ("model.h5" if name in KERAS_2 else "model.keras")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are saving your model as an HDF5 file")
        model.save(file)
    return file, model.count_params()


@pytest.mark.parametrize("name", FAMILIES)
def test_family(name: str, tmp_path: Path, web_folder: Path, table: list[str]) -> None:
    side = FAMILIES[name]
    file, parameters = _saved_model(name, side, tmp_path)
    keras.backend.clear_session()
    gc.collect()
    images = np.random.default_rng(2).integers(0, 256, (8, side, side, 3), dtype=np.uint8)
    np.savez(tmp_path / "c.npz", images=images)

    options = ConvertOptions(calibration=tmp_path / "c.npz", golden=4, scale=(1 / 255,))
    manifest = convert_model(file, tmp_path / "b", options=options)

    skipped = {s.id for s in manifest.skipped}
    # TF.js lacks layers of some families; everything else has to be there
    assert skipped <= {"tfjs-layers-float32"}
    assert len(manifest.variants) + len(skipped) == len(VARIANTS)
    bundle = Bundle.open(tmp_path / "b")
    assert manifest.input is not None
    batch = batch_from_images(bundle.array(manifest.golden.inputs[0]), manifest.input)
    expected = [bundle.array(manifest.golden.outputs[0])]
    errors = {"litert": worst_error([_litert(bundle, batch)], expected)}
    for backend in ("cpu", "wasm"):
        files = _files(bundle, bundle.variant("tfjs-float32"))
        outputs = run_in_node(web_folder, tmp_path, files, [batch[:1]], backend)
        errors[f"tfjs {backend}"] = worst_error(outputs, [expected[0][:1]])
    if not skipped:
        files = _files(bundle, bundle.variant("tfjs-layers-float32"))
        outputs = run_in_node(web_folder, tmp_path, files, [batch[:1]], "cpu")
        errors["layers cpu"] = worst_error(outputs, [expected[0][:1]])
    cells = [f"{e:.0e}" for e in errors.values()] + ["not written"] * bool(skipped)
    made = f"{len(manifest.variants)} of {len(VARIANTS)}"
    row = [name, f"{side} x {side}", f"{parameters:,}", made, *cells]
    table.append(f"| {' | '.join(row)} |\n")
    assert max(errors.values()) <= TOLERANCE, errors


def _litert(bundle: Bundle, batch: np.ndarray) -> np.ndarray:
    lite = TfliteModel(bundle.read(bundle.variant("tflite-float32").entry_file))
    rows = [lite.run({lite.inputs[0].name: row[None]}) for row in batch]
    return np.concatenate([row[lite.outputs[0].name] for row in rows])


def _files(bundle: Bundle, variant: Variant) -> dict[str, bytes]:
    return {Path(entry.path).name: bundle.read(entry) for entry in variant.files}
