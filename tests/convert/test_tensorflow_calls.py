"""Functions of TensorFlow that tf.keras stores by name: those that only compute are called."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from tensorflow.python.framework import op_def_registry

from edgeproof.convert import tensorflow_calls
from edgeproof.convert.api import convert_model
from edgeproof.convert.errors import ConvertError
from edgeproof.convert.tensorflow_calls import refused_call
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.runtime import TfliteModel

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A functional model of tf.keras whose arithmetic is written in plain Python."""
    inputs = tf_keras.Input((4, 6))
    x = tf.reshape(inputs[:, :, :3] * 2.0 + 1.0, (-1, 12))
    x = tf_keras.layers.Dense(5)(tf.concat([tf.nn.relu(x), tf.math.square(x)], axis=-1))
    path = tmp_path / "model.h5"
    tf_keras.Model(inputs, x / 3.0).save(path)
    return path


def _rewritten(file: Path, old: str, new: str) -> None:
    with h5py.File(file, "r+") as stored:
        config = stored.attrs["model_config"]
        text = config.decode() if isinstance(config, bytes) else config
        assert old in text
        stored.attrs["model_config"] = text.replace(old, new)


def test_plain_arithmetic_converts_and_agrees(file: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(1, 4, 6)).astype(np.float32)
    expected = tf_keras.models.load_model(file, compile=False)(x).numpy()
    manifest = convert_model(file, tmp_path / "bundle")
    assert {v.id for v in manifest.variants} >= {"tflite-float32", "tfjs-float32"}
    reasons = {s.id: s.reason for s in manifest.skipped}
    assert "called with more than its input tensors" in reasons["tfjs-layers-float32"]
    bundle = Bundle.open(tmp_path / "bundle")
    lite = TfliteModel(bundle.read(bundle.variant("tflite-float32").entry_file))
    (answer,) = lite.run({lite.inputs[0].name: x}).values()
    np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", ["io.write_file", "py_function", "raw_ops.ReadFile"])
def test_anything_else_is_refused(file: Path, tmp_path: Path, function: str) -> None:
    _rewritten(file, '"math.square"', json.dumps(function))
    with pytest.raises(ConvertError, match=f"calls TensorFlow's {function}.*--trust-lambda"):
        convert_model(file, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    ("class_name", "config", "refused"),
    [
        ("TFOpLambda", {"function": "compat.v1.transpose"}, None),
        ("TFOpLambda", {"function": "compat.v1.nn.softmax"}, None),
        ("TFOpLambda", {"function": "keras.backend.mean"}, None),
        ("TFOpLambda", {"function": "keras.utils.get_file"}, "keras.utils.get_file"),
        ("TFOpLambda", {"function": "compat.v1.py_func"}, "compat.v1.py_func"),
        ("TFOpLambda", {}, "?"),
        ("SlicingOpLambda", {"function": "__operators__.getitem"}, None),
        ("SlicingOpLambda", {"function": "io.read_file"}, "io.read_file"),
        ("TensorFlowOpLayer", {"node_def": {"op": "Mul"}}, None),
        ("TensorFlowOpLayer", {"node_def": {"op": "WriteFile"}}, "WriteFile"),
        ("TensorFlowOpLayer", {"node_def": "\n\x05x\x12"}, "?"),
        ("ClassMethod", {"cls_symbol": "io.gfile", "method_name": "rm"}, "io.gfile.rm"),
        ("Dense", {"function": "io.write_file"}, None),
    ],
)
def test_refused_call(class_name: str, config: dict[str, Any], refused: str | None) -> None:
    assert refused_call(class_name, config) == refused


def test_the_lists_name_what_exists_and_touches_nothing_outside() -> None:
    for name in tensorflow_calls._FUNCTIONS:
        assert hasattr(tf, name) or hasattr(tf.compat.v1, name), name
    for name in tensorflow_calls._OPERATIONS:
        operation = op_def_registry.get(name)
        assert operation is not None, name
        assert not operation.is_stateful, name
