"""Every TFLite variant of a bundle gives Keras' answers, in both runtimes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgeproof.convert.operations import float_operations
from edgeproof.convert.variants import VARIANTS
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.image import batch_from_images
from edgeproof.edge.runtime import available_runtimes

# (largest, mean) error of a probability, about twice what was measured on 200 images. Guessing
# gives a mean of 0.3; TFLiteConverter measured 0.092 and 0.0088 for int8, 0.092 and 0.0064 for
# int16x8
TOLERANCES = {
    "tflite-float32": (1e-5, 1e-6),  # float arithmetic in another order
    "tflite-float16": (6e-3, 1e-3),  # weights of 11 significant bits
    "tflite-dynamic-int8": (0.1, 0.014),  # weights of 8 bits
    "tflite-int8": (0.2, 0.017),  # activations of 8 bits too, clipped at the calibrated range
    "tflite-int16x8": (0.18, 0.013),  # activations of 16 bits: the weights and the clipping remain
}

# in a process of its own: tflite-runtime 2.14 and TensorFlow share C++ symbols, and the former
# crashes ("vector::reserve", segmentation faults) where the latter was loaded first
_RUN = """
import sys
import numpy as np
from edgeproof.edge.runtime import TfliteModel
runtime, model, batch, result = sys.argv[1:]
model = TfliteModel(open(model, "rb").read(), runtime=runtime)
outputs = [model.run({model.inputs[0].name: row[None]}) for row in np.load(batch)]
np.save(result, np.concatenate([o[model.outputs[0].name] for o in outputs]))
"""


def outputs_of(runtime: str, model: Path, batch: np.ndarray, folder: Path) -> np.ndarray:
    np.save(folder / "batch.npy", batch)
    paths = [str(model), str(folder / "batch.npy"), str(folder / "result.npy")]
    subprocess.run([sys.executable, "-c", _RUN, runtime, *paths], check=True, capture_output=True)
    return np.load(folder / "result.npy")


@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
@pytest.mark.parametrize("variant_id", TOLERANCES)
def test_agrees_with_keras(
    tiny_bundle: Path, tmp_path: Path, variant_id: str, runtime: str
) -> None:
    if runtime not in available_runtimes():
        pytest.skip(f"{runtime} has no wheel for this Python")
    bundle = Bundle.open(tiny_bundle)
    assert bundle.manifest.input is not None
    images = bundle.array(bundle.manifest.golden.inputs[0])
    expected = bundle.array(bundle.manifest.golden.outputs[0])
    file = tiny_bundle / bundle.variant(variant_id).entry
    batch = batch_from_images(images, bundle.manifest.input)

    got = outputs_of(runtime, file, batch, tmp_path)

    assert got.shape == expected.shape == (32, 5)
    errors = np.abs(got - expected)
    largest, mean = TOLERANCES[variant_id]
    assert errors.max() <= largest
    assert errors.mean() <= mean


def test_tolerances_cover_every_tflite_row() -> None:
    assert set(TOLERANCES) == {r.id for r in VARIANTS if r.format == "tflite"}


def test_bundle_holds_every_variant(tiny_bundle: Path) -> None:
    manifest = Bundle.open(tiny_bundle).manifest

    assert [v.id for v in manifest.variants] == [r.id for r in VARIANTS]
    assert manifest.skipped == ()


def test_int8_computes_no_float(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    variant = bundle.variant("tflite-int8")

    assert float_operations(bundle.read(variant.entry_file)) == {}
    assert [t.dtype for t in (*variant.inputs, *variant.outputs)] == ["int8", "int8"]
    # softmax: 0 to 255/256, in the scale that the TFLite specification fixes
    assert (variant.outputs[0].scale, variant.outputs[0].zero_point) == (1 / 256, -128)


def test_float_operations_are_counted(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)

    counted = float_operations(bundle.read(bundle.variant("tflite-float32").entry_file))

    assert counted["CONV_2D"] == 1
    assert counted["DEPTHWISE_CONV_2D"] == 1
    assert counted["FULLY_CONNECTED"] == 2


def test_smaller_precisions_are_smaller(tiny_bundle: Path) -> None:
    sizes = {v.id: v.bytes for v in Bundle.open(tiny_bundle).manifest.variants}

    # 5,600 parameters in a file of 27 KB: the graph itself is a few KB
    assert sizes["tflite-float16"] < 0.7 * sizes["tflite-float32"]
    for quantised in ("tflite-dynamic-int8", "tflite-int8", "tflite-int16x8"):
        assert sizes[quantised] < 0.55 * sizes["tflite-float32"]


def test_conversion_is_deterministic(tiny_run: Path, tiny_bundle: Path, tmp_path: Path) -> None:
    from edgeproof.convert.api import convert_model
    from edgeproof.convert.options import ConvertOptions

    again = convert_model(tiny_run, tmp_path / "b", options=ConvertOptions(variants="tflite-int8"))

    first = Bundle.open(tiny_bundle).variant("tflite-int8")
    assert again.variants[0].entry_file.sha256 == first.entry_file.sha256


def test_rescaling_to_minus_one_loads_in_int16(tiny_bundle: Path) -> None:
    """The tiny model's Rescaling once made a file that no runtime loads (pot_scale_int16)."""
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    variant = Bundle.open(tiny_bundle).variant("tflite-int16x8")
    model = tfl_flatbuffer_utils.read_model((tiny_bundle / variant.entry).read_bytes())
    options = [op.builtinOptions for op in model.subgraphs[0].operators]
    flags = [o.potScaleInt16 for o in options if hasattr(o, "potScaleInt16")]

    assert flags == [False]
