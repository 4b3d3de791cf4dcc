"""Python code: refused when it lies in the file, run when the user names it."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from edgeproof.convert.api import convert_model
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.keras_model import keras_model
from edgeproof.convert.loading import custom_objects
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.source import find_source
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import UsageError

_MODULE = """
import keras

class Tripling(keras.layers.Layer):
    def call(self, x):
        return x * 3.0
"""


@pytest.fixture
def lambda_file(tmp_path: Path) -> Path:
    inputs = keras.Input((4,))
    x = keras.layers.Lambda(lambda x: x * 2, name="twice", output_shape=(4,))(inputs)
    keras.Model(inputs, x).save(tmp_path / "lambda.keras")
    return tmp_path / "lambda.keras"


@pytest.fixture
def tripling_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "their_layers.py").write_text(_MODULE)
    monkeypatch.chdir(tmp_path)
    Tripling = custom_objects(["their_layers:Tripling"])["Tripling"]
    # as if it had been saved from a notebook: no module to import it from
    Tripling.__module__ = "__main__"
    inputs = keras.Input((4,))
    keras.Model(inputs, Tripling(name="tripling")(inputs)).save(tmp_path / "custom.keras")
    return tmp_path / "custom.keras"


def test_trusted_lambda_runs_and_converts(lambda_file: Path, tmp_path: Path) -> None:
    options = ConvertOptions(trust_lambda=True)

    manifest = convert_model(lambda_file, tmp_path / "b", options=options)

    bundle = Bundle.open(tmp_path / "b")
    inputs, outputs = bundle.array(manifest.golden.inputs[0]), manifest.golden.outputs[0]
    np.testing.assert_allclose(bundle.array(outputs), inputs * 2)
    made = {v.id for v in manifest.variants}
    assert {"tflite-float32", "tfjs-float32"} <= made
    skipped = {s.id: s.reason for s in manifest.skipped}
    assert "it holds Python code" in skipped["tfjs-layers-float32"]


def test_trust_is_for_one_load_only(lambda_file: Path) -> None:
    trusted = find_source(lambda_file, trust_lambda=True)
    keras_model(trusted, trust_lambda=True)
    with pytest.raises(ConvertError, match="run only with --trust-lambda"):
        keras_model(trusted)


def test_named_class_is_used(tripling_file: Path) -> None:
    source = find_source(tripling_file)

    model = keras_model(source, custom=["their_layers:Tripling"])

    np.testing.assert_array_equal(model(np.ones((1, 4))), np.full((1, 4), 3))


def test_unnamed_class_is_refused_with_the_option(tripling_file: Path) -> None:
    with pytest.raises(ConvertError, match="--custom-objects module:Tripling"):
        keras_model(find_source(tripling_file))


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("their_layers", UsageError, "expected module:Class"),
        (":Tripling", UsageError, "expected module:Class"),
        ("no_such_module:Tripling", ConvertError, "expected a Python module that can be imported"),
        ("their_layers:Doubling", ConvertError, "expected Doubling in the module their_layers"),
    ],
)
def test_wrong_names(tripling_file: Path, text: str, error: type[Exception], message: str) -> None:
    assert tripling_file.exists()
    with pytest.raises(error, match=message):
        custom_objects([text])
