"""Wrong weights in layer k are found at layer k, whichever k and file; nothing else is."""

import shutil
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest

from edgeproof.convert.diff.compare import Diff, compared
from edgeproof.convert.diff.subject import golden_arrays, source_model
from edgeproof.convert.diff.variant_file import variant_file
from edgeproof.edge.bundle import Bundle
from tests.convert.diff.faults import turn_tfjs_weights, with_wrong_tflite_weights

# the tiny model's layers with weights, in order: shape in a .tflite, and in TF.js
WEIGHTS = {
    "Conv2D": ((8, 3, 3, 3), (3, 3, 3, 8)),
    "DepthwiseConv2D": ((1, 3, 3, 8), (3, 3, 8, 1)),
    "Dense": ((20, 240), (240, 20)),
    "scores": ((5, 20), (20, 5)),
}
GRAPHS = ["tflite-float32", "tflite-float16", "tflite-dynamic-int8", "tflite-int8",
          "tflite-int16x8", "tfjs-float32", "tfjs-float16", "tfjs-uint8"]  # fmt: skip


class Subject(NamedTuple):
    bundle: Bundle
    model: keras.Model
    arrays: list[np.ndarray]

    def diff(self, name: str | Path) -> Diff:
        return compared(self.model, variant_file(self.bundle, str(name)), self.arrays)

    def layer(self, kind: str) -> str:
        """The first layer that has the class or the name."""
        return next(x.name for x in self.model.layers if kind in (type(x).__name__, x.name))


@pytest.fixture(scope="module")
def subject(tiny_bundle: Path) -> Subject:
    bundle = Bundle.open(tiny_bundle)
    model = source_model(bundle, None)
    return Subject(bundle, model, golden_arrays(bundle, model, None))


@pytest.mark.parametrize("variant", GRAPHS)
def test_intact_variants_name_no_layer(subject: Subject, variant: str) -> None:
    diff = subject.diff(variant)

    assert diff.first is None, diff.first
    assert diff.unmatched == ()
    # every layer is compared, by itself or inside the next
    compared_layers = {layer for row in diff.rows for layer in (row.layer, *row.covers)}
    handed_on = {"Dropout", "InputLayer"}
    wanted = {x.name for x in subject.model.layers if type(x).__name__ not in handed_on}
    assert wanted <= compared_layers
    assert diff.rows[-1].layer == "scores"


@pytest.mark.parametrize(
    ("variant", "kind", "step"),
    [
        *(("tflite-float32", kind, 0) for kind in ("Conv2D", "DepthwiseConv2D", "Dense")),
        ("tflite-float32", "scores", 8),
        *(("tflite-int8", kind, 8) for kind in WEIGHTS),
        ("tflite-dynamic-int8", "Dense", 8),
    ],
)
def test_wrong_weights_of_a_tflite_are_found_at_their_layer(
    subject: Subject, variant: str, kind: str, step: int, tmp_path: Path
) -> None:
    content = subject.bundle.read(subject.bundle.variant(variant).entry_file)
    path = tmp_path / "wrong.tflite"
    path.write_bytes(with_wrong_tflite_weights(content, WEIGHTS[kind][0], step))

    first = subject.diff(path).first

    assert first is not None
    assert subject.layer(kind) in (first.layer, *first.covers)


@pytest.mark.parametrize(
    ("kind", "step"), [("Conv2D", 0), ("DepthwiseConv2D", 0), ("Dense", 0), ("scores", 8)]
)
def test_wrong_weights_of_a_tfjs_model_are_found_at_their_layer(
    subject: Subject, kind: str, step: int, tmp_path: Path
) -> None:
    shutil.copytree(subject.bundle.folder / "variants" / "tfjs-float32", tmp_path / "tfjs")
    turn_tfjs_weights(tmp_path / "tfjs", WEIGHTS[kind][1], step)

    first = subject.diff(tmp_path / "tfjs" / "model.json").first

    assert first is not None
    assert subject.layer(kind) in (first.layer, *first.covers)


def test_a_bare_copy_is_compared_as_the_variant_is(subject: Subject, tmp_path: Path) -> None:
    for variant in ("tflite-float16", "tflite-int16x8"):
        content = subject.bundle.read(subject.bundle.variant(variant).entry_file)
        (tmp_path / f"{variant}.tflite").write_bytes(content)
        own, bare = subject.diff(variant), subject.diff(tmp_path / f"{variant}.tflite")
        assert bare.rows == own.rows
