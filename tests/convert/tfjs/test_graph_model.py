"""Written graph models in real TF.js engines, against Keras."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from edgeproof.convert.errors import ConvertError
from edgeproof.convert.freeze import freeze
from edgeproof.convert.tfjs.graph_model import encoded, graph_model_files, prepared
from edgeproof.convert.tfjs.reader import read_graph_model
from edgeproof.convert.tfjs.support import UnsupportedOp
from edgeproof.convert.tfjs.weights import SHARD_BYTES, encode

from . import models
from .engines import Engine, worst_error

# float32 arithmetic in another order; measured up to 4e-7 on these models
TOLERANCE = 1e-5
MODELS = [
    models.image_classifier,
    models.every_activation,
    models.many_inputs_and_outputs,
    models.sequence,
    models.grouped_and_transposed,
]


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_tfjs_computes_what_keras_does(
    make: Callable[[], keras.Model], backend: str, run_tfjs: Engine
) -> None:
    model = make()
    inputs = models.random_inputs(model)
    expected = models.keras_outputs(model, inputs)
    actual = run_tfjs(graph_model_files(freeze(model), "float32"), inputs, backend)
    assert worst_error(actual, expected) <= TOLERANCE


@pytest.mark.parametrize("make", MODELS)
def test_the_reader_computes_what_keras_does(make: Callable[[], keras.Model]) -> None:
    model = make()
    inputs = models.random_inputs(model)
    expected = models.keras_outputs(model, inputs)
    actual = read_graph_model(graph_model_files(freeze(model), "float32"))(inputs)
    assert worst_error(actual, expected) <= TOLERANCE


@pytest.mark.parametrize("precision", ["float16", "uint8", "uint16"])
def test_the_reader_is_the_reference_of_compressed_models(precision: str, run_tfjs: Engine) -> None:
    keras.utils.set_random_seed(0)  # some kernels lose less than 1e-6
    model = models.image_classifier()
    inputs = models.random_inputs(model)
    files = encoded(prepared(freeze(model)), precision)
    actual = run_tfjs(files, inputs, "wasm")
    assert worst_error(actual, read_graph_model(files)(inputs)) <= TOLERANCE
    # and they are not simply float32
    assert worst_error(actual, models.keras_outputs(model, inputs)) > 1e-6


def test_one_altered_weight_byte_is_seen(run_tfjs: Engine) -> None:
    """Negative control of every comparison above."""
    model = models.image_classifier()
    inputs = models.random_inputs(model)
    files = graph_model_files(freeze(model), "float32")
    expected = models.keras_outputs(model, inputs)
    shard = next(name for name in files if name.endswith(".bin"))
    altered = bytearray(files[shard])
    manifest = json.loads(files["model.json"])["weightsManifest"][0]["weights"]
    offset = 0
    for entry in manifest:
        if len(entry["shape"]) > 1:
            break
        offset += 4 * int(np.prod(entry["shape"]))
    altered[offset + 3] ^= 0x40  # the exponent of a kernel's first number
    damaged = {**files, shard: bytes(altered)}
    assert worst_error(run_tfjs(damaged, inputs, "wasm"), expected) > TOLERANCE
    assert worst_error(read_graph_model(damaged)(inputs), expected) > TOLERANCE


def _operations(files: dict[str, bytes]) -> list[str]:
    nodes = json.loads(files["model.json"])["modelTopology"]["node"]
    return sorted(node["op"] for node in nodes if node["op"] != "Const")


def test_batch_norm_bias_and_activation_leave_no_node_behind() -> None:
    assert _operations(graph_model_files(freeze(models.image_classifier()), "float32")) == [
        "AddV2",  # the shortcut
        "DepthwiseConv2dNative",  # of the separable convolution: neither bias nor activation
        "FusedDepthwiseConv2dNative",
        "Identity",
        "MaxPool",
        "Mean",
        "Mul",  # rescaling
        "Placeholder",
        "Softmax",
        "_FusedConv2D",
        "_FusedConv2D",
        "_FusedConv2D",
        "_FusedMatMul",
    ]


def test_fused_biases_have_rank_1() -> None:
    """The wasm backend refuses others, and Keras 3 makes them."""
    document = json.loads(
        graph_model_files(freeze(models.every_activation()), "float32")["model.json"]
    )
    ranks = {w["name"]: len(w["shape"]) for w in document["weightsManifest"][0]["weights"]}
    fused = [n for n in document["modelTopology"]["node"] if "Fused" in n["op"]]
    assert len(fused) > 20
    assert {ranks[node["input"][2]] for node in fused} == {1}


def test_signature_keeps_names_order_and_free_batch() -> None:
    files = graph_model_files(freeze(models.many_inputs_and_outputs()), "float32")
    signature = json.loads(files["model.json"])["signature"]
    assert list(signature["inputs"]) == ["zeta", "alpha"]
    assert list(signature["outputs"]) == ["second", "first", "joined"]
    assert signature["inputs"]["zeta"]["tensorShape"] == {"dim": [{"size": "-1"}, {"size": "8"}]}
    assert signature["inputs"]["zeta"]["dtype"] == "DT_FLOAT"


def test_large_weights_are_cut_into_shards_of_4_mib() -> None:
    model = models.with_random_weights(
        keras.Sequential([keras.Input((1100,)), layers.Dense(1000), layers.Dense(2)])
    )
    inputs = models.random_inputs(model)
    files = graph_model_files(freeze(model), "float32")
    assert list(files) == ["model.json", "group1-shard1of2.bin", "group1-shard2of2.bin"]
    assert len(files["group1-shard1of2.bin"]) == SHARD_BYTES
    actual = read_graph_model(files)(inputs)
    assert worst_error(actual, models.keras_outputs(model, inputs)) <= TOLERANCE


def test_compressed_files_are_a_half_and_a_quarter() -> None:
    model = keras.Sequential([keras.Input((300,)), layers.Dense(400), layers.Dense(100)])
    ready = prepared(freeze(model))
    sizes = {
        precision: sum(
            len(content)
            for name, content in encoded(ready, precision).items()
            if name.endswith(".bin")
        )
        for precision in ("float32", "float16", "uint16", "uint8")
    }
    assert sizes["float16"] == sizes["uint16"]
    assert sizes["float16"] == pytest.approx(sizes["float32"] / 2, rel=0.01)
    assert sizes["uint8"] == pytest.approx(sizes["float32"] / 4, rel=0.01)


@pytest.mark.parametrize("low", [-1.0, -0.013, 0.2])
def test_zero_is_exactly_representable(low: float) -> None:
    value = np.linspace(low, 0.9, 5000, dtype=np.float32)
    value[7] = 0
    encoding = encode("w", value, "uint8")
    quantization = encoding.entry["quantization"]
    stored = np.frombuffer(encoding.content, np.uint8)
    restored = stored * quantization["scale"] + quantization["min"]
    assert restored[7] == 0
    assert np.abs(restored - value).max() <= quantization["scale"] * 0.5001
    assert set(quantization) == {"dtype", "min", "scale"}


def test_numbers_beyond_float16_stay_float32() -> None:
    value = np.full(5000, 1e6, np.float32)
    encoding = encode("w", value, "float16")
    assert "quantization" not in encoding.entry
    assert encoding.content == value.tobytes()


def test_an_operation_that_tfjs_lacks_is_named_with_its_layer() -> None:
    class Gamma(keras.layers.Layer):
        def call(self, x: object) -> object:
            import tensorflow as tf

            return tf.math.lgamma(x)

    model = keras.Sequential([keras.Input((4,)), Gamma(name="log_gamma")])
    with pytest.raises(UnsupportedOp, match=r"got Lgamma in layer log_gamma.*--variants"):
        graph_model_files(freeze(model), "float32")


def test_a_recurrence_inside_another_is_refused_with_the_way_out() -> None:
    class Nested(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            import tensorflow as tf

            def inner(total: Any) -> Any:
                written = tf.map_fn(lambda row: row + total[0, 0], total)
                return written / 2

            return tf.while_loop(lambda y: tf.reduce_max(y) > 1, lambda y: (inner(y),), (x,))[0]

        def compute_output_spec(self, x: Any) -> Any:
            return keras.KerasTensor(x.shape, x.dtype)

    model = keras.Sequential([keras.Input((3,)), Nested(name="nested")])
    with pytest.raises(UnsupportedOp, match=r"one inside another.*nested.*fixed number of steps"):
        graph_model_files(freeze(model), "float32")


def test_a_branch_runs(run_tfjs: Engine) -> None:
    class Branch(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            import tensorflow as tf

            return tf.cond(tf.reduce_sum(x) > 0, lambda: x, lambda: x * 2 - 1)

        def compute_output_spec(self, x: Any) -> Any:
            return keras.KerasTensor(x.shape, x.dtype)

    model = keras.Sequential([keras.Input((3,)), Branch(), layers.Dense(2)])
    files = graph_model_files(freeze(model), "float32")
    for sign in (1, -1):
        inputs = [np.full((2, 3), sign, np.float32)]
        assert (
            worst_error(run_tfjs(files, inputs, "cpu"), models.keras_outputs(model, inputs)) <= 1e-5
        )
        assert (
            worst_error(read_graph_model(files)(inputs), models.keras_outputs(model, inputs))
            <= 1e-5
        )


def test_channels_first_is_refused_with_the_way_out() -> None:
    model = keras.Sequential(
        [keras.Input((3, 8, 8)), layers.Conv2D(2, 3, data_format="channels_first", name="first")]
    )
    with pytest.raises(UnsupportedOp, match=r"channels last.*layer first.*channels_last"):
        graph_model_files(freeze(model), "float32")


def test_output_names_that_javascript_reorders_are_refused() -> None:
    x = keras.Input((3,))
    model = keras.Model(x, [layers.Dense(2, name="2")(x), layers.Dense(2, name="1")(x)])
    with pytest.raises(ConvertError, match="expected output names that are not numbers"):
        graph_model_files(freeze(model), "float32")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda files: {"model.json": files["model.json"]}, "expected the weight file group1"),
        (lambda files: {**files, "group1-shard1of1.bin": b"1"}, "bytes of weights"),
        (
            lambda files: {**files, "group1-shard1of1.bin": files["group1-shard1of1.bin"] + b"1"},
            "bytes of weights",
        ),
        (lambda files: {**files, "model.json": b'{"format": "layers-model"}'}, "graph model"),
    ],
)
def test_the_reader_refuses_incomplete_files(
    damage: Callable[[dict[str, bytes]], dict[str, bytes]], message: str
) -> None:
    files = graph_model_files(freeze(models.many_inputs_and_outputs()), "float32")
    with pytest.raises(ConvertError, match=message):
        read_graph_model(damage(files))
