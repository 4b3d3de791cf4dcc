"""Tools that know nothing of bundles open our .tflite files and give Keras' labels."""

import dataclasses
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeproof.convert.description import Description
from edgeproof.convert.tflite_container import repacked, shorten
from edgeproof.convert.tflite_metadata import with_metadata
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.contract import InputContract
from edgeproof.edge.quantisation import dequantise, quantise
from edgeproof.edge.runtime import TfliteModel

ANSWERS = Path(__file__).with_name("mediapipe_answers.py")
# MediaPipe feeds float32 and uint8 only: "Type mismatch for input tensor ... got INT8"
MEDIAPIPE_VARIANTS = ["tflite-float32", "tflite-float16", "tflite-dynamic-int8"]
DESCRIPTION = Description(
    name="imagenet-like",
    task="image-classification",
    labels=("red", "green", "blue\nor so", "grey", "none"),
    contract=InputContract(
        12, 10, "rgb", scale=(1 / 58.395, 1 / 57.12, 1 / 57.375), offset=(-2.1179, -2.0357, -1.8044)
    ),
    scores="softmax",
)

needs_mediapipe = pytest.mark.skipif(
    importlib.util.find_spec("mediapipe") is None, reason="MediaPipe has no wheel for this machine"
)


@pytest.fixture
def bundle(tiny_bundle: Path) -> Bundle:
    return Bundle.open(tiny_bundle)


def keras_labels(bundle: Bundle) -> list[str]:
    scores = bundle.array(bundle.manifest.golden.outputs[0])
    return [bundle.manifest.labels[i] for i in scores.argmax(axis=1)]


def mediapipe_answers(model: Path, images: np.ndarray | None, folder: Path) -> dict[str, Any]:
    command = [sys.executable, str(ANSWERS), str(model)]
    if images is not None:
        np.save(folder / "images.npy", images)
        command.append(str(folder / "images.npy"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_mediapipe
@pytest.mark.parametrize("variant_id", MEDIAPIPE_VARIANTS)
def test_mediapipe_gives_the_labels_that_keras_gives(
    bundle: Bundle, tmp_path: Path, variant_id: str
) -> None:
    images = bundle.array(bundle.manifest.golden.inputs[0])
    model = bundle.folder / bundle.variant(variant_id).entry

    answers = mediapipe_answers(model, images, tmp_path)

    expected = keras_labels(bundle)
    assert len(set(expected)) > 2
    agreeing = sum(a == e for a, e in zip(answers["labels"], expected, strict=True))
    # 8-bit weights move some of the 32 images over a border; float weights none
    assert agreeing >= (28 if variant_id == "tflite-dynamic-int8" else 32)
    assert answers["files"] == {"labels.txt": "\n".join(bundle.manifest.labels)}


@needs_mediapipe
def test_swapped_labels_and_another_normalisation_are_seen(bundle: Bundle, tmp_path: Path) -> None:
    """Negative control: it is the metadata that MediaPipe goes by."""
    images = bundle.array(bundle.manifest.golden.inputs[0])
    content = bundle.read(bundle.variant("tflite-float32").entry_file)
    contract = InputContract(12, 10, "rgb")
    labels = bundle.manifest.labels
    right = Description("tiny", "image-classification", labels, contract, "softmax")
    dark = dataclasses.replace(contract, scale=(0.1,))
    for wrong in (
        dataclasses.replace(right, labels=(*labels[1:], labels[0])),
        dataclasses.replace(right, contract=dark),
    ):
        (tmp_path / "m.tflite").write_bytes(with_metadata(content, wrong, units=5))
        answers = mediapipe_answers(tmp_path / "m.tflite", images, tmp_path)
        assert answers["labels"] != keras_labels(bundle)


@needs_mediapipe
def test_metadata_says_what_the_contract_says(bundle: Bundle, tmp_path: Path) -> None:
    content = bundle.read(bundle.variant("tflite-float32").entry_file)
    (tmp_path / "m.tflite").write_bytes(with_metadata(content, DESCRIPTION, units=5))

    # not run: "Per-channel image normalization is not available" in MediaPipe 1.2
    answers = mediapipe_answers(tmp_path / "m.tflite", None, tmp_path)

    metadata = answers["metadata"]
    assert metadata["name"] == "imagenet-like"
    (graph,) = metadata["subgraphMetadata"]
    (image,), (output,) = graph["inputTensorMetadata"], graph["outputTensorMetadata"]
    options = image["processUnits"][0]["options"]
    np.testing.assert_allclose(options["mean"], [123.675, 116.28, 103.53], rtol=1e-4)
    np.testing.assert_allclose(options["std"], [58.395, 57.12, 57.375], rtol=1e-6)
    properties = image["content"]["contentProperties"]
    assert properties == {"colorSpace": 1, "defaultSize": {"width": 10, "height": 12}}
    np.testing.assert_allclose(image["stats"]["min"], [-2.1179, -2.0357, -1.8044], rtol=1e-6)
    assert output["name"] == "probability"
    assert output["associatedFiles"][0]["type"] == 2  # TENSOR_AXIS_LABELS
    # one line per label, whatever a label holds
    assert answers["files"]["labels.txt"].splitlines()[2] == "blue or so"


def test_a_single_unit_has_the_second_label(bundle: Bundle) -> None:
    content = bundle.read(bundle.variant("tflite-float32").entry_file)
    two = dataclasses.replace(DESCRIPTION, labels=("no", "yes"), scores="sigmoid")

    assert b"labels.txtyes" in with_metadata(content, two, units=1)


@pytest.mark.parametrize("variant_id", [*MEDIAPIPE_VARIANTS, "tflite-int8"])
def test_compiled_model_gives_the_labels_that_keras_gives(bundle: Bundle, variant_id: str) -> None:
    from ai_edge_litert.compiled_model import CompiledModel

    variant = bundle.variant(variant_id)
    source, target = variant.inputs[0], variant.outputs[0]
    model = CompiledModel.from_buffer(bundle.read(variant.entry_file))
    (given,), (made,) = model.create_input_buffers(0), model.create_output_buffers(0)
    answers = []
    for image in bundle.array(bundle.manifest.golden.inputs[0]):
        given.write(quantise(image[np.newaxis].astype(np.float32), source))
        model.run_by_index(0, [given], [made])
        raw = np.asarray(made.read(5, np.dtype(target.dtype).type))
        answers.append(bundle.manifest.labels[dequantise(raw, target).argmax()])

    agreeing = sum(a == e for a, e in zip(answers, keras_labels(bundle), strict=True))
    assert agreeing >= (32 if "float" in variant_id else 28)


@pytest.mark.parametrize("variant_id", [*MEDIAPIPE_VARIANTS, "tflite-int8", "tflite-int16x8"])
def test_arithmetic_and_public_names_stay(bundle: Bundle, variant_id: str) -> None:
    content = bundle.read(bundle.variant(variant_id).entry_file)
    again = with_metadata(content, DESCRIPTION, units=5)
    before, after = TfliteModel(content), TfliteModel(again)

    assert before.inputs == after.inputs
    assert before.outputs == after.outputs
    image = bundle.array(bundle.manifest.golden.inputs[0])[:1].astype(np.float32)
    name = before.inputs[0].name
    for key, value in before.run({name: image}).items():
        np.testing.assert_array_equal(after.run({name: image})[key], value)


def test_shortening_twice_is_shortening_once(bundle: Bundle) -> None:
    content = bundle.read(bundle.variant("tflite-float16").entry_file)
    once = repacked(content, shorten)
    assert repacked(once, shorten) == once
    assert once.count(b";") <= content.count(b";")
    assert b"MLIR" in once  # nothing but names and the converter's note is gone
